import http from 'node:http';
function priceBasket() {
  let sum = 0;
  for (let i = 0; i < 3e6; i++) sum += Math.sqrt(i);
  return sum;
}
setInterval(priceBasket, 20);
http.createServer(() => {}).listen(0);
process.on('SIGTERM', () => process.exit(0));

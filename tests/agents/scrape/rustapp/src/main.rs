//! A service that computes and serves its CPU profile like a Go service:
//! GET /debug/pprof/profile?seconds=N. It has no other profile.
//!
//!     rustapp ADDRESS    prints "listening ADDRESS"

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use pprof::protos::Message;

#[inline(never)]
fn price_basket(seed: u64) -> u64 {
    (0..200_000u64).fold(seed, |sum, item| sum.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(item))
}

fn profile(seconds: u64) -> Vec<u8> {
    let guard = pprof::ProfilerGuardBuilder::default().frequency(100).build().expect("one profile at a time");
    std::thread::sleep(Duration::from_secs(seconds));
    let report = guard.report().build().expect("a report");
    report.pprof().expect("a profile").encode_to_vec()
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let mut request = String::new();
    let mut lines = BufReader::new(stream.try_clone()?);
    lines.read_line(&mut request)?;
    let mut header = String::new();
    while lines.read_line(&mut header)? > 2 {
        header.clear();
    }
    let target = request.split(' ').nth(1).unwrap_or("");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if path != "/debug/pprof/profile" {
        return stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
    let seconds = query.strip_prefix("seconds=").and_then(|text| text.parse().ok()).unwrap_or(5);
    let body = profile(seconds);
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(&body)
}

fn main() {
    let address = std::env::args().nth(1).expect("usage: rustapp ADDRESS");
    let listener = TcpListener::bind(address).expect("an address to listen on");
    println!("listening {}", listener.local_addr().expect("its address"));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream));
        }
    });
    let mut sum = 1;
    loop {
        sum = price_basket(sum);
        std::thread::sleep(Duration::from_millis(u64::from(sum == 0) + 1));
    }
}

"""Queries to a Pyroscope server (querier.v1, JSON over POST) and a look into its S3 bucket."""
import datetime
import hashlib
import hmac
import json
import time
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree

# CPU profiles are named differently by different agents; Node's CPU is a dimension of its wall profile.
CPU_TYPES = ("process_cpu:cpu:nanoseconds:cpu:nanoseconds", "wall:cpu:nanoseconds:wall:nanoseconds")


class Pyroscope:
    def __init__(self, base, tenant=None):
        self.base, self.tenant = base, tenant

    def query(self, method, body, window=3600):
        now = int(time.time())
        body = {"start": (now - window) * 1000, "end": (now + 60) * 1000, **body}
        headers = {"Content-Type": "application/json"}
        if self.tenant:
            headers["X-Scope-OrgID"] = self.tenant
        request = urllib.request.Request(f"{self.base}/querier.v1.QuerierService/{method}",
                                         json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method}: {error.code} {error.read().decode(errors='replace')[:300]}") from error

    def label_values(self, name, selector=None):
        body = {"name": name, **({"matchers": [selector]} if selector else {})}
        return self.query("LabelValues", body).get("names", [])

    def services(self):
        return self.label_values("service_name")

    def cpu_type(self, service):
        known = self.label_values("__profile_type__", f'{{service_name="{service}"}}')
        return next((t for t in CPU_TYPES if t in known), None)

    def flamegraph(self, service, profile_type=None, matchers=""):
        profile_type = profile_type or self.cpu_type(service)
        if profile_type is None:
            return {}
        return self.query("SelectMergeStacktraces", {
            "profileTypeID": profile_type, "labelSelector": f'{{service_name="{service}"{matchers}}}', "maxNodes": 2048})

    def functions(self, service):
        return self.flamegraph(service).get("flamegraph", {}).get("names", [])

    def cpu_nanoseconds(self, service):
        return int(self.flamegraph(service).get("flamegraph", {}).get("total", 0))


class Bucket:
    """Lists and reads an S3 bucket with path-style addresses (AWS Signature Version 4)."""

    def __init__(self, base, bucket, key, secret, region="us-east-1"):
        self.base, self.bucket, self.key, self.secret, self.region = base, bucket, key, secret, region

    def _get(self, path, query=""):
        now = datetime.datetime.now(datetime.timezone.utc)
        stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
        host = urllib.parse.urlparse(self.base).netloc
        empty = hashlib.sha256(b"").hexdigest()
        canonical = f"GET\n{path}\n{query}\nhost:{host}\nx-amz-content-sha256:{empty}\nx-amz-date:{stamp}\n\n" \
                    f"host;x-amz-content-sha256;x-amz-date\n{empty}"
        scope = f"{day}/{self.region}/s3/aws4_request"
        to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = f"AWS4{self.secret}".encode()
        for part in (day, self.region, "s3", "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
        request = urllib.request.Request(f"{self.base}{path}{'?' + query if query else ''}", headers={
            "x-amz-date": stamp, "x-amz-content-sha256": empty,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={self.key}/{scope}, "
                             f"SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature={signature}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()

    def objects(self, prefix=""):
        """{key: size} of everything under the prefix."""
        found, token = {}, None
        while True:
            query = {"list-type": "2", "prefix": prefix, **({"continuation-token": token} if token else {})}
            text = "&".join(f"{k}={urllib.parse.quote(v, safe='')}" for k, v in sorted(query.items()))
            root = ElementTree.fromstring(self._get(f"/{self.bucket}", text))
            strip = lambda tag: tag.rsplit("}", 1)[-1]  # noqa: E731
            fields = {strip(e.tag): e.text for e in root}
            for entry in root:
                if strip(entry.tag) == "Contents":
                    values = {strip(e.tag): e.text for e in entry}
                    found[values["Key"]] = int(values["Size"])
            if fields.get("IsTruncated") != "true":
                return found
            token = fields["NextContinuationToken"]

    def bytes_by_service(self, prefix, services):
        """Sizes of the blocks that name each service: segments carry their label sets in clear."""
        sizes = dict.fromkeys(services, 0)
        for key, size in self.objects(prefix).items():
            content = self._get("/" + urllib.parse.quote(f"{self.bucket}/{key}"))
            for service in services:
                if service.encode() in content:
                    sizes[service] += size
        return sizes

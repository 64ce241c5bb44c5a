package dev.profiling.agent;

/** A window's profile on its way to the server. */
final class Upload {
  final String target; // path and query below the server's address
  final byte[] recording; // JFR, compressed
  int attempts;

  Upload(String target, byte[] recording) {
    this.target = target;
    this.recording = recording;
  }
}

#include "webhooks/agents/install/installer.h"

// The low-level calls link 50 KB, the EVP ones all of libcrypto.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <set>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include <openssl/sha.h>

#include "webhooks/agents/install/manifest.h"

namespace profiling::agents {
namespace {

namespace fs = std::filesystem;

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&&) = delete;
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  // Some file systems report a full volume only here.
  int close() { return ::close(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

struct Failure {
  InstallOutcome outcome;
  std::string message;
};

Failure sourceFailure(std::string message) {
  return {InstallOutcome::kSourceDamaged, std::move(message)};
}

Failure volumeFailure(const std::string& doing, const std::string& path, int error) {
  std::string hint;
  if (error == ENOSPC || error == EDQUOT) {
    hint = ": the volume is too small for the agent";
  } else if (error == EACCES || error == EPERM || error == EROFS) {
    hint = ": the volume must be writable for user " + std::to_string(::getuid());
  } else if (error == ENOENT) {
    hint = ": the folder that holds the destination must exist (is the volume mounted?)";
  }
  return {InstallOutcome::kDestinationFailed,
          doing + " " + path + ": " + std::strerror(error) + hint};
}

// One installation. Methods return whether they succeeded; the first failure is kept.
class Installer {
 public:
  explicit Installer(const InstallRequest& request) : request_(request) {
    fs::path to(request.to);
    parent_ = to.parent_path().string();
    prefix_.append(".").append(to.filename().string()).append(".installing-");
    temp_.append(parent_).append("/").append(prefix_).append(std::to_string(::getpid()));
  }

  InstallReport run() {
    if (!readManifest()) return failed();
    if (same()) {
      report_.outcome = InstallOutcome::kAlreadyThere;
      return report_;
    }
    report_.bytes = report_.files = 0;
    removeLeftovers();
    if (!copyAll() || !flushFolders() || !publish()) {
      std::error_code ignored;
      fs::remove_all(temp_, ignored);
      return failed();
    }
    return report_;
  }

 private:
  bool fail(Failure failure) {
    failure_ = std::move(failure);
    return false;
  }
  InstallReport failed() {
    report_.outcome = failure_.outcome;
    report_.error = failure_.message;
    return report_;
  }

  static bool readText(const std::string& path, std::string& out) {
    Fd in(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!in) return false;
    char buffer[16384];
    ssize_t n = 0;
    while ((n = ::read(in.get(), buffer, sizeof buffer)) > 0) out.append(buffer, n);
    return n == 0;
  }

  bool readManifest() {
    std::string path = request_.from + "/" + kManifestName, text;
    if (!readText(path, text)) {
      return fail(sourceFailure("reading " + path + ": " + std::strerror(errno)));
    }
    auto parsed = parseManifest(std::move(text));
    if (auto* error = std::get_if<std::string>(&parsed)) {
      return fail(sourceFailure(request_.from + ": " + *error));
    }
    manifest_ = std::get<Manifest>(std::move(parsed));
    return true;
  }

  // Whether the destination holds exactly what the manifest lists, every byte compared.
  bool same() {
    std::string text;
    if (!readText(request_.to + "/" + kManifestName, text) || text != manifest_.text) return false;
    for (const auto& entry : manifest_.entries) {
      Fd in(::open((request_.to + "/" + entry.path).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
      Digest digest;
      if (!in || pump(in.get(), -1, digest) != 0 || digest != entry.digest) return false;
      ++report_.files;
    }
    return true;
  }

  // Folders that a killed run left behind; only one installation per destination runs at a time,
  // since the kubelet runs init containers one after another.
  void removeLeftovers() {
    std::error_code error;
    std::vector<fs::path> stale;
    for (fs::directory_iterator it(parent_, error), end; !error && it != end; it.increment(error)) {
      if (it->path().filename().string().starts_with(prefix_)) stale.push_back(it->path());
    }
    for (const auto& path : stale) fs::remove_all(path, error);
  }

  bool makeFolder(const std::string& path) {
    if (!folders_.insert(path).second) return true;
    // chmod because the umask of the image's user must not hide the files from the application.
    if (::mkdir(path.c_str(), 0755) != 0 || ::chmod(path.c_str(), 0755) != 0) {
      return fail(volumeFailure("making folder", path, errno));
    }
    return true;
  }

  bool makeFoldersOf(const std::string& relative) {
    for (size_t slash = relative.find('/'); slash != std::string::npos;
         slash = relative.find('/', slash + 1)) {
      if (!makeFolder(temp_ + "/" + relative.substr(0, slash))) return false;
    }
    return true;
  }

  bool copyAll() {
    if (!makeFolder(temp_)) return false;
    for (const auto& entry : manifest_.entries) {
      if (!makeFoldersOf(entry.path) || !copyOne(entry)) return false;
    }
    return writeMarker();
  }

  bool copyOne(const ManifestEntry& entry) {
    std::string from = request_.from + "/" + entry.path, to = temp_ + "/" + entry.path;
    Fd in(::open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    struct stat info {};
    if (!in || ::fstat(in.get(), &info) != 0) {
      return fail(sourceFailure("opening " + from + ": " + std::strerror(errno)));
    }
    if (!S_ISREG(info.st_mode)) return fail(sourceFailure(from + " is not a regular file"));
    mode_t mode = info.st_mode & 0111 ? 0755 : 0644;
    Fd out(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!out) return fail(volumeFailure("making", to, errno));
    Digest digest;
    int error = pump(in.get(), out.get(), digest);
    if (error < 0) return fail(sourceFailure("reading " + from + ": " + std::strerror(-error)));
    if (error > 0) return fail(volumeFailure("writing", to, error));
    if (digest != entry.digest) {
      return fail(sourceFailure(from + " is damaged: its SHA-256 is not the one in the manifest"));
    }
    ++report_.files;
    return finish(out, to, mode);
  }

  bool writeMarker() {
    std::string to = temp_ + "/" + kManifestName;
    Fd out(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!out) return fail(volumeFailure("making", to, errno));
    if (int error = writeAll(out.get(), manifest_.text.data(), manifest_.text.size())) {
      return fail(volumeFailure("writing", to, error));
    }
    return finish(out, to, 0644);
  }

  bool finish(Fd& out, const std::string& path, mode_t mode) {
    if (::fchmod(out.get(), mode) != 0) return fail(volumeFailure("chmod", path, errno));
    if (request_.flush && ::fsync(out.get()) != 0) {
      return fail(volumeFailure("flushing", path, errno));
    }
    if (out.close() != 0) return fail(volumeFailure("closing", path, errno));
    return true;
  }

  bool flushFolders() {
    if (!request_.flush) return true;
    for (const auto& path : folders_) {
      Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      if (!folder || ::fsync(folder.get()) != 0) {
        return fail(volumeFailure("flushing", path, errno));
      }
    }
    return true;
  }

  // rename(2) replaces an empty folder only, so an older installation is moved aside first.
  // Nothing can observe the gap: no application container runs while init containers do.
  bool publish() {
    std::string old = temp_ + ".old";
    bool replaced = ::rename(request_.to.c_str(), old.c_str()) == 0;
    if (!replaced && errno != ENOENT) {
      return fail(volumeFailure("moving aside", request_.to, errno));
    }
    if (::rename(temp_.c_str(), request_.to.c_str()) != 0) {
      int error = errno;
      if (replaced && ::rename(old.c_str(), request_.to.c_str()) != 0) error = errno;
      return fail(volumeFailure("renaming into place", request_.to, error));
    }
    std::error_code ignored;
    if (replaced) fs::remove_all(old, ignored);
    if (request_.flush) {
      Fd folder(::open(parent_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      if (!folder || ::fsync(folder.get()) != 0) {
        return fail(volumeFailure("flushing", parent_, errno));
      }
    }
    return true;
  }

  static int writeAll(int out, const char* data, size_t size) {
    while (size > 0) {
      ssize_t written = ::write(out, data, size);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return errno;
      data += written;
      size -= written;
    }
    return 0;
  }

  // Hashes `in` and, with out >= 0, copies it. 0, a positive errno of writing or a negative one of
  // reading. One pass over a buffer that stays in the CPU's cache.
  int pump(int in, int out, Digest& digest) {
    SHA256_CTX hash;
    SHA256_Init(&hash);
    while (true) {
      ssize_t n = ::read(in, buffer_.data(), buffer_.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return -errno;
      if (n == 0) break;
      SHA256_Update(&hash, buffer_.data(), n);
      if (out >= 0) {
        if (int error = writeAll(out, buffer_.data(), n)) return error;
      }
      report_.bytes += n;
    }
    SHA256_Final(digest.data(), &hash);
    return 0;
  }

  const InstallRequest& request_;
  std::string parent_, prefix_, temp_;
  Manifest manifest_;
  std::set<std::string> folders_;
  std::vector<char> buffer_ = std::vector<char>(256 * 1024);
  Failure failure_{InstallOutcome::kInstalled, ""};
  InstallReport report_;
};

}  // namespace

InstallReport install(const InstallRequest& request) {
  return Installer(request).run();
}

}  // namespace profiling::agents

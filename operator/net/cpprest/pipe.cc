#include "operator/net/cpprest/pipe.h"

#include <stdexcept>
#include <utility>

namespace profiling::net::cpprest {

void Pipe::setHead(Response head) {
  const MutexLock lock(mutex_);
  head_ = std::move(head);
  changed_.notifyAll();
}

pplx::task<std::size_t> Pipe::put(const unsigned char* data, std::size_t size) {
  const MutexLock lock(mutex_);
  if (abandoned_) {
    return pplx::task_from_exception<std::size_t>(std::runtime_error("the reader has given up"));
  }
  bytes_.append(reinterpret_cast<const char*>(data), size);
  changed_.notifyAll();
  if (bytes_.size() <= kHighWater) return pplx::task_from_result(size);
  waiting_.emplace();
  waiting_size_ = size;
  return pplx::create_task(*waiting_);
}

void Pipe::end(Status status) {
  const MutexLock lock(mutex_);
  if (ended_) return;
  ended_ = true;
  status_ = std::move(status);
  changed_.notifyAll();
}

Pipe::Taken Pipe::take(SteadyTime until, const std::stop_token& stop) {
  std::optional<pplx::task_completion_event<std::size_t>> resume;
  std::size_t resume_size = 0;
  Taken taken;
  {
    const MutexLock lock(mutex_);
    changed_.waitUntil(mutex_, stop, until, [this]() PROFILING_REQUIRES(mutex_) {
      return head_ || !bytes_.empty() || ended_;
    });
    taken.head = std::exchange(head_, std::nullopt);
    taken.bytes.swap(bytes_);
    taken.ended = ended_;
    taken.status = status_;
    taken.stopped = stop.stop_requested();
    taken.late = !taken.head && taken.bytes.empty() && !ended_ && !taken.stopped;
    resume = std::exchange(waiting_, std::nullopt);
    resume_size = waiting_size_;
  }
  if (resume) resume->set(resume_size);
  return taken;
}

void Pipe::abandon() {
  std::optional<pplx::task_completion_event<std::size_t>> resume;
  {
    const MutexLock lock(mutex_);
    abandoned_ = true;
    bytes_.clear();
    resume = std::exchange(waiting_, std::nullopt);
  }
  if (resume)
    resume->set_exception(std::make_exception_ptr(std::runtime_error("the reader has given up")));
}

void Pipe::awaitEnd(std::chrono::milliseconds time) {
  const MutexLock lock(mutex_);
  const auto until = std::chrono::steady_clock::now() + time;
  while (!ended_ && changed_.waitUntil(mutex_, until)) {
  }
}

namespace {

using Base = concurrency::streams::details::streambuf_state_manager<unsigned char>;

// Refuses everything except writes; cpprestsdk only writes to a response stream.
class PipeBuffer final : public Base {
 public:
  explicit PipeBuffer(std::shared_ptr<Pipe> pipe)
      : Base(std::ios_base::out), pipe_(std::move(pipe)) {}
  ~PipeBuffer() override = default;

  bool can_seek() const override { return false; }
  bool has_size() const override { return false; }
  std::size_t buffer_size(std::ios_base::openmode) const override { return 0; }
  void set_buffer_size(std::size_t, std::ios_base::openmode) override {}
  std::size_t in_avail() const override { return 0; }
  pos_type getpos(std::ios_base::openmode) const override { return pos_type(-1); }
  pos_type seekpos(pos_type, std::ios_base::openmode) override { return pos_type(-1); }
  pos_type seekoff(off_type, std::ios_base::seekdir, std::ios_base::openmode) override {
    return pos_type(-1);
  }
  bool acquire(unsigned char*& data, std::size_t& count) override {
    data = nullptr;
    count = 0;
    return false;
  }
  void release(unsigned char*, std::size_t) override {}

  // Overridden here and not only in the underscored hooks: after a failed put the base class would
  // close the buffer and wait for that on the pool's only thread, which would then wait for ever.
  pplx::task<int_type> putc(unsigned char c) override { return _putc(c); }
  pplx::task<std::size_t> putn(const unsigned char* data, std::size_t count) override {
    return _putn(data, count);
  }
  pplx::task<std::size_t> putn_nocopy(const unsigned char* data, std::size_t count) override {
    return _putn(data, count);
  }

 protected:
  pplx::task<int_type> _putc(unsigned char c) override {
    return pipe_->put(&c, 1).then([c](const pplx::task<std::size_t>& t) {
      t.get();
      return static_cast<int_type>(c);
    });
  }
  pplx::task<std::size_t> _putn(const unsigned char* data, std::size_t count) override {
    return pipe_->put(data, count);
  }
  pplx::task<bool> _sync() override { return pplx::task_from_result(true); }
  pplx::task<int_type> _bumpc() override { return pplx::task_from_result(traits::eof()); }
  int_type _sbumpc() override { return traits::eof(); }
  pplx::task<int_type> _getc() override { return pplx::task_from_result(traits::eof()); }
  int_type _sgetc() override { return traits::eof(); }
  pplx::task<int_type> _nextc() override { return pplx::task_from_result(traits::eof()); }
  pplx::task<int_type> _ungetc() override { return pplx::task_from_result(traits::eof()); }
  pplx::task<std::size_t> _getn(unsigned char*, std::size_t) override {
    return pplx::task_from_result(std::size_t{0});
  }
  std::size_t _scopy(unsigned char*, std::size_t) override { return 0; }
  unsigned char* _alloc(std::size_t) override { return nullptr; }
  void _commit(std::size_t) override {}

 private:
  std::shared_ptr<Pipe> pipe_;
};

}  // namespace

concurrency::streams::ostream pipeStream(std::shared_ptr<Pipe> pipe) {
  return concurrency::streams::streambuf<unsigned char>(
             std::make_shared<PipeBuffer>(std::move(pipe)))
      .create_ostream();
}

}  // namespace profiling::net::cpprest

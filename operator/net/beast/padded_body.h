// A Beast body in one buffer, followed by ServerRequest::kBodyPadding readable bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/optional.hpp>

#include "operator/net/http_server.h"

namespace profiling::net::beast {

struct PaddedBody {
  class value_type {  // NOLINT(readability-identifier-naming): Beast's name
   public:
    std::string_view view() const { return {bytes_.data(), size_}; }
    std::size_t capacity() const { return bytes_.size(); }
    void expect(std::size_t size) { bytes_.reserve(size + ServerRequest::kBodyPadding); }
    void append(const char* data, std::size_t size) {
      bytes_.resize(size_);
      bytes_.append(data, size);
      size_ = bytes_.size();
      bytes_.append(ServerRequest::kBodyPadding, '\0');
    }

   private:
    std::string bytes_ = std::string(ServerRequest::kBodyPadding, '\0');
    std::size_t size_ = 0;
  };

  class reader {  // NOLINT(readability-identifier-naming): Beast's name
   public:
    template <bool kIsRequest, class Fields>
    reader(boost::beast::http::header<kIsRequest, Fields>&, value_type& body) : body_(body) {}

    void init(const boost::optional<std::uint64_t>& length, boost::system::error_code& error) {
      error = {};
      if (length)
        body_.expect(static_cast<std::size_t>(*length));  // bounded by the parser's body limit
    }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, boost::system::error_code& error) {
      error = {};
      std::size_t total = 0;
      for (auto it = boost::asio::buffer_sequence_begin(buffers);
           it != boost::asio::buffer_sequence_end(buffers); ++it) {
        const boost::asio::const_buffer b = *it;
        body_.append(static_cast<const char*>(b.data()), b.size());
        total += b.size();
      }
      return total;
    }
    void finish(boost::system::error_code& error) { error = {}; }

   private:
    value_type& body_;
  };
};

}  // namespace profiling::net::beast

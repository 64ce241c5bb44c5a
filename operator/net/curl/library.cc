#include "operator/net/curl/library.h"

#include <dlfcn.h>
#include <optional>

namespace profiling::net::curl {
namespace {

template <class Function>
bool load(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(handle, name));
  return function != nullptr;
}

std::optional<Library> open() {
  void* handle = ::dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return std::nullopt;
  Library l;
  bool ok = true;
  ok = load(handle, "curl_easy_init", l.easy_init) && ok;
  ok = load(handle, "curl_easy_cleanup", l.easy_cleanup) && ok;
  ok = load(handle, "curl_easy_setopt", l.easy_setopt) && ok;
  ok = load(handle, "curl_easy_getinfo", l.easy_getinfo) && ok;
  ok = load(handle, "curl_easy_strerror", l.easy_strerror) && ok;
  ok = load(handle, "curl_multi_init", l.multi_init) && ok;
  ok = load(handle, "curl_multi_cleanup", l.multi_cleanup) && ok;
  ok = load(handle, "curl_multi_add_handle", l.multi_add_handle) && ok;
  ok = load(handle, "curl_multi_remove_handle", l.multi_remove_handle) && ok;
  ok = load(handle, "curl_multi_wakeup", l.multi_wakeup) && ok;
  ok = load(handle, "curl_multi_perform", l.multi_perform) && ok;
  ok = load(handle, "curl_multi_poll", l.multi_poll) && ok;
  ok = load(handle, "curl_multi_strerror", l.multi_strerror) && ok;
  ok = load(handle, "curl_multi_info_read", l.multi_info_read) && ok;
  ok = load(handle, "curl_slist_append", l.slist_append) && ok;
  ok = load(handle, "curl_slist_free_all", l.slist_free_all) && ok;
  ok = load(handle, "curl_global_init", l.global_init) && ok;
  if (!ok || l.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return std::nullopt;
  return l;
}

}  // namespace

const Library* library() {
  static const std::optional<Library> loaded = open();
  return loaded ? &*loaded : nullptr;
}

}  // namespace profiling::net::curl

"""Threads and locks of the interpreter itself. Libraries such as gevent put their own into `_thread`, mostly before this
package is loaded. So sitecustomize.py, which took them at the start, puts a module of its own in the place of this one."""
from _thread import allocate_lock, get_ident, get_native_id, start_new_thread  # noqa: F401

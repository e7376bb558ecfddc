/* http_lib.c: opening libcurl when it is needed, and not before. */
#include "../common/err.h"
#include "../common/log.h"
#include "http_impl.h"
#include <dlfcn.h>

/* The name is the library's ABI: the same since 2006. */
#define LIBCURL "libcurl.so.4"

int
http_lib_open(struct http_lib *lib)
{
	if (lib->handle || lib->failed)
		return lib->handle ? 0 : -ERR_STATE;
	lib->failed = true;
	void *handle = dlopen(LIBCURL, RTLD_NOW | RTLD_LOCAL);
	if (!handle) {
		log_error("HTTP cannot be used by handlers: %s", dlerror());
		return -ERR_STATE;
	}
	static const char *const names[] = {
#define X(name) "curl_" #name,
	    HTTP_LIB_TABLE(X)
#undef X
	};
	void **slots[] = {
#define X(name) (void **)&lib->name,
	    HTTP_LIB_TABLE(X)
#undef X
	};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (!(*slots[i] = dlsym(handle, names[i]))) {
			log_error("HTTP cannot be used by handlers: " LIBCURL
				  " has no %s",
			    names[i]);
			dlclose(handle);
			return -ERR_STATE;
		}
	lib->handle = handle;
	return 0;
}

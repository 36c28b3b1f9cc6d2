// common: a shared library that is loaded when it is needed. Includes libc.
#pragma once

#include <dlfcn.h>

namespace p2pd {

/// It stays loaded until the process ends.
class LoadedLibrary {
public:
    /// `flags` as dlopen(3) has them.
    LoadedLibrary(const char* name, int flags) : handle_(dlopen(name, flags)) {}

    /// False: there is no such library, or it has none of this name.
    template <class Function>
    bool find(Function& function, const char* name) const {
        if (handle_ == nullptr) return false;
        function = reinterpret_cast<Function>(dlsym(handle_, name));
        return function != nullptr;
    }

private:
    void* handle_;
};

}  // namespace p2pd

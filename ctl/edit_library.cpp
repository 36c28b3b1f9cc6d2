// ctl: libedit, loaded when it is needed. Includes std and libedit.
#include "ctl/edit_library.h"

#include "ctl/control_error.h"
#include "ctl/language.h"

namespace p2pd {

namespace {

[[noreturn]] void fail() {
    throw ControlError(error_internal, tr("chat needs libedit, which cannot be loaded"),
                       tr("install it: {1}", "apt install libedit2"));
}

}  // namespace

EditLibrary::EditLibrary() : library_("libedit.so.2", RTLD_NOW) {
    const auto find = [this](auto& function, const char* name) {
        if (!library_.find(function, name)) fail();
    };
    find(init, "el_init");
    find(end, "el_end");
    find(set, "el_wset");
    find(get, "el_wget");
    find(gets, "el_wgets");
    find(line, "el_wline");
    find(cursor, "el_cursor");
    find(insert, "el_winsertstr");
    find(resize, "el_resize");
    find(source, "el_source");
    find(history_init, "history_winit");
    find(history_end, "history_wend");
    find(history, "history_w");
}

const EditLibrary& edit_library() {
    static const EditLibrary library;
    return library;
}

}  // namespace p2pd

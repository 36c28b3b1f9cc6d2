// ctl: libedit, loaded when it is needed. Includes std and libedit.
#pragma once

#include <histedit.h>

#include "common/loaded_library.h"

namespace p2pd {

/// Its functions.
class EditLibrary {
public:
    EditLibrary();

    decltype(&::el_init) init = nullptr;
    decltype(&::el_end) end = nullptr;
    decltype(&::el_wset) set = nullptr;
    decltype(&::el_wget) get = nullptr;
    decltype(&::el_wgets) gets = nullptr;
    decltype(&::el_wline) line = nullptr;
    decltype(&::el_cursor) cursor = nullptr;
    decltype(&::el_winsertstr) insert = nullptr;
    decltype(&::el_resize) resize = nullptr;
    decltype(&::el_source) source = nullptr;
    decltype(&::history_winit) history_init = nullptr;
    decltype(&::history_wend) history_end = nullptr;
    /// What el_set(EL_HIST) takes as well.
    decltype(&::history_w) history = nullptr;

private:
    LoadedLibrary library_;
};

/// Loaded at the first call, until the process ends: most commands do without, and are to start
/// fast. Throws ControlError (exit 70) when it is not installed.
const EditLibrary& edit_library();

}  // namespace p2pd

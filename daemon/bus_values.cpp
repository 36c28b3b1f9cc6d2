// bus_server: values of the bus as JSON, and back. Includes std, sd-bus, common.
#include "daemon/bus_values.h"

#include <algorithm>
#include <string_view>

namespace p2pd {

namespace {

template <class T>
T read_basic(sd_bus_message& message, char type) {
    T value{};
    bus_check(bus_library().message_read_basic(&message, type, &value));
    return value;
}

/// The content of a variant, which has the type `type`.
Json read_value(sd_bus_message& message, std::string_view type, const std::string& name) {
    if (type == "s") return read_text(message);
    if (type == "b") return read_truth(message);
    if (type == "y") return read_basic<std::uint8_t>(message, 'y');
    if (type == "n") return read_basic<std::int16_t>(message, 'n');
    if (type == "q") return read_basic<std::uint16_t>(message, 'q');
    if (type == "i") return read_basic<std::int32_t>(message, 'i');
    if (type == "u") return read_basic<std::uint32_t>(message, 'u');
    if (type == "x") return read_basic<std::int64_t>(message, 'x');
    if (type == "t") return read_basic<std::uint64_t>(message, 't');
    throw FieldError("\"" + name + "\": must be a text, a truth value or a whole number");
}

bool starts_with_bytes(std::string_view text, unsigned char first, unsigned char second) {
    return text.size() > 1 && static_cast<unsigned char>(text[0]) == first &&
           static_cast<unsigned char>(text[1]) == second;
}

/// How many bytes of well-formed `text` begin with a character that sd-bus does not take: NUL, and
/// those that Unicode keeps free for ever (U+FDD0 to U+FDEF, and the last two of each plane).
std::size_t barred_bytes(std::string_view text) {
    const auto byte = [text](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    if (byte(0) == 0) return 1;
    if (starts_with_bytes(text, 0xef, 0xb7) && byte(2) >= 0x90 && byte(2) <= 0xaf) return 3;
    if (starts_with_bytes(text, 0xef, 0xbf) && byte(2) >= 0xbe) return 3;
    const bool of_four = byte(0) >= 0xf0;
    if (of_four && (byte(1) & 0x0fU) == 0x0f && byte(2) == 0xbf && byte(3) >= 0xbe) return 4;
    return 0;
}

/// One such character in a text from a peer must not keep a whole list from being read.
std::string without_barred(std::string_view text) {
    // What is between those that may be barred is most of a text, and is taken as a whole.
    const auto suspect = [](char each) {
        const auto byte = static_cast<unsigned char>(each);
        return byte == 0 || byte >= 0xef;
    };
    std::string clean;
    clean.reserve(text.size());
    const auto* at = text.begin();
    while (true) {
        const auto* const next = std::find_if(at, text.end(), suspect);
        clean.append(at, next);
        if (next == text.end()) return clean;
        const std::size_t barred = barred_bytes({next, text.end()});
        if (barred == 0) {
            clean += *next;
        } else {
            clean += "\xef\xbf\xbd";
        }
        at = next + std::max<std::size_t>(barred, 1);
    }
}

template <class T>
void append_basic(sd_bus_message& message, const char* type, const T& value) {
    bus_check(bus_library().message_append(&message, "v", type, value));
}

void append_value(sd_bus_message& message, const Json& value) {
    if (value.is_boolean()) return append_basic(message, "b", value.get<bool>() ? 1 : 0);
    if (value.is_number_unsigned()) return append_basic(message, "t", value.get<std::uint64_t>());
    if (value.is_number_integer()) return append_basic(message, "x", value.get<std::int64_t>());
    if (value.is_number()) return append_basic(message, "d", value.get<double>());
    append_basic(message, "s", without_barred(value.get_ref<const std::string&>()).c_str());
}

}  // namespace

std::string read_text(sd_bus_message& message) {
    return read_basic<const char*>(message, 's');
}

std::uint64_t read_id(sd_bus_message& message) {
    return read_basic<std::uint64_t>(message, 't');
}

bool read_truth(sd_bus_message& message) {
    return read_basic<int>(message, 'b') != 0;
}

Json read_ids(sd_bus_message& message, std::size_t most) {
    const void* array = nullptr;
    std::size_t bytes = 0;
    bus_check(bus_library().message_read_array(&message, 't', &array, &bytes));
    const auto* const ids = static_cast<const std::uint64_t*>(array);
    const std::size_t count = std::min(bytes / sizeof *ids, most + 1);
    Json list = Json::array();
    for (std::size_t i = 0; i < count; ++i) list.push_back(ids[i]);
    return list;
}

Json read_options(sd_bus_message& message) {
    Json options = Json::object();
    bus_check(bus_library().message_enter_container(&message, SD_BUS_TYPE_ARRAY, "{sv}"));
    while (bus_check(
               bus_library().message_enter_container(&message, SD_BUS_TYPE_DICT_ENTRY, "sv")) > 0) {
        const std::string name = read_text(message);
        const char* type = nullptr;
        bus_check(bus_library().message_peek_type(&message, nullptr, &type));
        bus_check(bus_library().message_enter_container(&message, SD_BUS_TYPE_VARIANT, type));
        options[name] = read_value(message, type, name);
        bus_check(bus_library().message_exit_container(&message));
        bus_check(bus_library().message_exit_container(&message));
    }
    bus_check(bus_library().message_exit_container(&message));
    return options;
}

void append_dictionary(sd_bus_message& message, const Json& object) {
    bus_check(bus_library().message_open_container(&message, SD_BUS_TYPE_ARRAY, "{sv}"));
    for (const auto& [name, value] : object.items()) {
        if (value.is_null()) continue;
        bus_check(bus_library().message_open_container(&message, SD_BUS_TYPE_DICT_ENTRY, "sv"));
        bus_check(bus_library().message_append(&message, "s", name.c_str()));
        append_value(message, value);
        bus_check(bus_library().message_close_container(&message));
    }
    bus_check(bus_library().message_close_container(&message));
}

void append_dictionaries(sd_bus_message& message, const Json& objects) {
    bus_check(bus_library().message_open_container(&message, SD_BUS_TYPE_ARRAY, "a{sv}"));
    for (const Json& object : objects) append_dictionary(message, object);
    bus_check(bus_library().message_close_container(&message));
}

void append_texts(sd_bus_message& message, const std::vector<std::string>& texts) {
    bus_check(bus_library().message_open_container(&message, SD_BUS_TYPE_ARRAY, "s"));
    for (const std::string& text : texts) {
        bus_check(bus_library().message_append(&message, "s", text.c_str()));
    }
    bus_check(bus_library().message_close_container(&message));
}

}  // namespace p2pd

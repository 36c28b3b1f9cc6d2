// daemon: a line of a control client, read; part of control_server. Includes std, simdjson, common.
#pragma once

#include <cstddef>
#include <optional>
#include <simdjson.h>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "common/control_protocol.h"

namespace p2pd {

/// A value of a line, read where simdjson has put it: a Json as far as read_fields() goes, without
/// its tree. Good until the next line is read.
class LineJson {
public:
    explicit LineJson(simdjson::dom::element element) : element_(element) {}

    bool is_null() const { return element_.is_null(); }
    bool is_boolean() const { return element_.is_bool(); }
    bool is_string() const { return element_.is_string(); }
    bool is_array() const { return element_.is_array(); }
    bool is_object() const { return element_.is_object(); }
    bool is_number_integer() const { return element_.is_int64() || element_.is_uint64(); }
    bool is_number_unsigned() const { return element_.is_uint64(); }
    /// It must be of this type.
    template <class T>
    T get() const {
        if constexpr (std::is_same_v<T, std::string>) {
            return std::string(element_.get_string().value());
        } else {
            return element_.get<T>().value();
        }
    }
    /// Of an object; a name that is given twice counts twice.
    std::size_t size() const { return object().size(); }

    class Iterator {
    public:
        explicit Iterator(simdjson::dom::array::iterator at) : at_(at) {}
        LineJson operator*() const { return LineJson(*at_); }
        Iterator& operator++() {
            ++at_;
            return *this;
        }
        bool operator!=(const Iterator& other) const { return at_ != other.at_; }

    private:
        simdjson::dom::array::iterator at_;
    };
    /// Of an array.
    Iterator begin() const { return Iterator(element_.get_array().value().begin()); }
    Iterator end() const { return Iterator(element_.get_array().value().end()); }

    /// What read_fields() asks of an object. The last one of a name counts, as with nlohmann.
    friend std::optional<LineJson> find_member(const LineJson& json, std::string_view name);
    friend std::vector<std::string> member_names(const LineJson& json);
    friend Json tree_of(const LineJson& json);

private:
    simdjson::dom::object object() const { return element_.get_object().value(); }

    simdjson::dom::element element_;
};

struct ControlRequest {
    std::optional<RequestId> id;  ///< empty: a notification, which gets no answer
    std::string_view method;
    LineJson params;  ///< an object without members, when there are none
};

/// Why a line is no request, in the words of its answer.
struct ControlRequestProblem {
    const ErrorKind& kind;
    std::string_view what;
    std::string_view hint;
};

/// Reads line after line in the same memory.
class ControlRequestReader {
public:
    ControlRequestReader();

    /// Reads one line without its end; whatever is in it. What a request points to is good until
    /// the next line is read.
    std::variant<ControlRequest, ControlRequestProblem> read(std::string_view line);

private:
    void make_room(std::size_t bytes);

    simdjson::dom::parser parser_;
    simdjson::dom::document no_params_;
};

}  // namespace p2pd

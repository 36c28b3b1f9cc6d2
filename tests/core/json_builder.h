// tests: JSON objects of the wire, built member by member, so that a test can spoil exactly one.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace p2pd {

/// The values are raw JSON: `"text"` with its quotes, `5000`, `true`.
class JsonObject {
public:
    JsonObject(std::initializer_list<std::pair<std::string, std::string>> members)
        : members_(members) {}

    /// Replaces the member, or adds it at the end.
    JsonObject set(std::string_view name, std::string_view value) const {
        JsonObject changed = *this;
        const auto member = std::find_if(changed.members_.begin(), changed.members_.end(),
                                         [&](const auto& known) { return known.first == name; });
        if (member == changed.members_.end()) return add(name, value);
        member->second = value;
        return changed;
    }
    JsonObject add(std::string_view name, std::string_view value) const {
        JsonObject changed = *this;
        changed.members_.emplace_back(name, value);
        return changed;
    }
    JsonObject drop(std::string_view name) const {
        JsonObject changed = *this;
        std::erase_if(changed.members_, [&](const auto& member) { return member.first == name; });
        return changed;
    }
    JsonObject rename(std::string_view name, std::string_view other) const {
        JsonObject changed = *this;
        for (auto& member : changed.members_) {
            if (member.first == name) member.first = other;
        }
        return changed;
    }

    std::string text() const {
        std::string json = "{";
        for (const auto& [name, value] : members_) {
            if (json.size() > 1) json += ',';
            json += '"' + name + "\":" + value;
        }
        return json + '}';
    }
    /// As the dialects quoted and short send it: a JSON text that holds the object.
    std::string quoted() const {
        std::string json = "\"";
        for (const char c : text()) {
            if (c == '"' || c == '\\') json += '\\';
            json += c;
        }
        return json + '"';
    }

private:
    std::vector<std::pair<std::string, std::string>> members_;
};

inline JsonObject message_json() {
    return {{"Ip_origem", R"("10.0.0.4")"},
            {"Ip_destino", R"("10.0.0.5")"},
            {"Porta_origem", "5000"},
            {"Porta_destino", "5001"},
            {"Timestamp da mensagem", "1732260000.123456"},
            {"Mensagem", R"("hi")"}};
}

inline JsonObject ack_json() {
    return {{"Ip_origem", R"("10.0.0.5")"},
            {"Ip_destino", R"("10.0.0.4")"},
            {"Porta_origem", "5000"},
            {"Porta_destino", "5001"},
            {"Timestamp da mensagem original", "1732260000.123456"},
            {"Timestamp da mensagem de resposta", "1732260000.125001"},
            {"ACK", "true"}};
}

inline JsonObject reply_json() {
    return {{"Ip_origem", R"("10.0.0.5")"},
            {"Ip_destino", R"("10.0.0.4")"},
            {"Porta_origem", "5000"},
            {"Porta_destino", "5001"},
            {"Timestamp da mensagem original", "1732260000.123456"},
            {"Timestamp da mensagem de resposta", "1732260031.5"},
            {"Mensagem original", R"("hi")"},
            {"Mensagem de resposta", R"("ok")"}};
}

/// In the spelling of the dialect upper.
inline JsonObject upper(const JsonObject& object) {
    return object.rename("Ip_origem", "IP_origem")
        .rename("Ip_destino", "IP_destino")
        .rename("Mensagem original", "Mensagem Original");
}

}  // namespace p2pd

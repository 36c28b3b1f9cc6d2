// tests: datagrams of every kind, and the same spoilt by chance.
#pragma once

#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/core/json_builder.h"

namespace p2pd {

inline std::vector<std::string> valid_datagrams() {
    std::vector<std::string> datagrams;
    for (const JsonObject& object :
         {message_json(), ack_json(), reply_json(), upper(reply_json()),
          message_json().rename("Timestamp da mensagem", "Timestamp"),
          message_json().add("p2pd", R"({"v":1,"part":2,"parts":3})"),
          message_json().set("Mensagem", R"("\ud83d\ude80 \u0000 \n")"),
          message_json().add("x", R"([[[{"a":[1e5,-0.1,null,true]}]]])")}) {
        datagrams.push_back(object.text());
        datagrams.push_back(object.quoted());
    }
    return datagrams;
}

inline void mutate(std::string& bytes, std::mt19937_64& random) {
    constexpr std::string_view pieces[] = {"\"", "\\", "{",  "}",   "[",    "]",     ",",
                                           ":",  "-",  "1e", "999", "\\u0", "\\ud8", "null",
                                           "0",  ".",  " ",  "\n",  "ACK",  "p2pd",  "\xf0\x9f"};
    const std::size_t at = bytes.empty() ? 0 : random() % bytes.size();
    switch (random() % 6) {
        case 0:
            if (!bytes.empty()) bytes[at] = static_cast<char>(random());
            break;
        case 1:
            if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ 1 << random() % 8);
            break;
        case 2:
            bytes.erase(at, 1 + random() % 16);
            break;
        case 3:
            bytes.insert(at, pieces[random() % std::size(pieces)]);
            break;
        case 4:
            bytes.insert(at, bytes.substr(at, random() % 40));
            break;
        default:
            bytes.resize(at);
            break;
    }
}

}  // namespace p2pd

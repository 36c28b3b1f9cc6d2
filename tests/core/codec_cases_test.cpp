// tests: what a datagram may be, by named cases: taken, or dropped for a cause.
#include <gtest/gtest.h>

#include "daemon/core/codec.h"
#include "tests/core/json_builder.h"

namespace p2pd {
namespace {

struct Case {
    std::string name;
    std::string bytes;
    std::optional<DropCause> cause = {};  ///< empty: it is taken
};

std::string name_of(std::optional<DropCause> cause) {
    return cause ? std::string(enum_names(*cause)[std::size_t(*cause)].second) : "taken";
}

void expect_all(const std::vector<Case>& cases) {
    for (const Case& one : cases) {
        const auto result = decode(one.bytes);
        const auto* cause = std::get_if<DropCause>(&result);
        EXPECT_EQ(name_of(cause ? std::optional(*cause) : std::nullopt), name_of(one.cause))
            << one.name << ": " << one.bytes.substr(0, 400);
    }
}

std::string nested(int depth) {
    return std::string(std::size_t(depth), '[') + std::string(std::size_t(depth), ']');
}

JsonObject with_members(int count) {
    JsonObject object = message_json();
    for (int i = 6; i < count; ++i) object = object.add("x" + std::to_string(i), "1");
    return object;
}

using enum DropCause;

TEST(CodecCases, WhatIsNoJson) {
    const std::string good = message_json().text();
    expect_all({
        {"nothing", "", empty},
        {"a space", " ", not_json},
        {"a word", "hello", not_json},
        {"an open brace", "{", not_json},
        {"cut at the end", good.substr(0, good.size() - 1), not_json},
        {"cut in the middle", good.substr(0, good.size() / 2), not_json},
        {"trailing brace", good + "}", not_json},
        {"trailing word", good + "x", not_json},
        {"two objects", good + good, not_json},
        {"two lines", good + "\n" + good, not_json},
        {"trailing NUL", good + std::string(1, '\0'), not_json},
        {"NUL and more", good + std::string("\0{", 2), not_json},
        {"leading NUL", std::string(1, '\0') + good, not_json},
        {"NUL in a text", message_json().set("Mensagem", std::string("\"a\0b\"", 5)).text(),
         not_json},
        {"raw line feed in a text", message_json().set("Mensagem", "\"a\nb\"").text(), not_json},
        {"raw tab in a text", message_json().set("Mensagem", "\"a\tb\"").text(), not_json},
        {"single quotes", message_json().set("Mensagem", "'hi'").text(), not_json},
        {"comment", message_json().set("Mensagem", "\"hi\"/* */").text(), not_json},
        {"trailing comma", message_json().set("Mensagem", "\"hi\",").text(), not_json},
        {"unquoted name", "{Mensagem:1}", not_json},
        {"NaN", message_json().set("Timestamp da mensagem", "NaN").text(), not_json},
        {"Infinity", message_json().set("Timestamp da mensagem", "Infinity").text(), not_json},
        {"leading plus", message_json().set("Timestamp da mensagem", "+1.5").text(), not_json},
        {"leading zero", message_json().set("Timestamp da mensagem", "01.5").text(), not_json},
        {"no digit before the point", message_json().set("Timestamp da mensagem", ".5").text(),
         not_json},
        {"no digit after the point", message_json().set("Timestamp da mensagem", "5.").text(),
         not_json},
        {"hexadecimal", message_json().set("Timestamp da mensagem", "0x10").text(), not_json},
        {"True", ack_json().set("ACK", "True").text(), not_json},
        {"bad escape", message_json().set("Mensagem", R"("\x41")").text(), not_json},
        {"short escape", message_json().set("Mensagem", R"("\u12")").text(), not_json},
        {"lone high surrogate", message_json().set("Mensagem", R"("\ud800")").text(), not_json},
        {"lone low surrogate", message_json().set("Mensagem", R"("\udc80")").text(), not_json},
        {"surrogates the wrong way round",
         message_json().set("Mensagem", R"("\udc00\ud800")").text(), not_json},
        {"surrogate before a letter", message_json().set("Mensagem", R"("\ud800A")").text(),
         not_json},
        {"blanks around", " \r\n\t" + good + " \r\n"},
        {"byte order mark", "\xef\xbb\xbf" + good},
        {"two byte order marks", "\xef\xbb\xbf\xef\xbb\xbf" + good, not_json},
    });
}

TEST(CodecCases, WhatIsNoUtf8) {
    const auto text = [](std::string_view bytes) {
        return message_json().set("Mensagem", "\"" + std::string(bytes) + "\"").text();
    };
    expect_all({
        {"a lone continuation", text("\x80"), not_utf8},
        {"0xff", text("\xff"), not_utf8},
        {"Latin-1", text("ol\xe1"), not_utf8},
        {"overlong solidus", text("\xc0\xaf"), not_utf8},
        {"overlong NUL", text("\xc0\x80"), not_utf8},
        {"overlong in three bytes", text("\xe0\x80\xaf"), not_utf8},
        {"overlong in four bytes", text("\xf0\x80\x80\xaf"), not_utf8},
        {"a surrogate", text("\xed\xa0\x80"), not_utf8},
        {"a pair of surrogates", text("\xed\xa0\xbd\xed\xb8\x80"), not_utf8},
        {"above U+10FFFF", text("\xf4\x90\x80\x80"), not_utf8},
        {"five bytes", text("\xf8\x88\x80\x80\x80"), not_utf8},
        {"cut short", text("\xe2\x82"), not_utf8},
        {"cut short at the end", message_json().text() + "\xe2\x82", not_utf8},
        {"in a name", message_json().add("\xff", "1").text(), not_utf8},
        {"sealed envelope", "\xb5\x01 and so on", not_utf8},
        {"U+10FFFF", text("\xf4\x8f\xbf\xbf")},
        {"every script", text("olá мир 世界 مرحبا \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x9a\x80")},
        {"escaped emoji", text(R"(\ud83d\ude80)")},
        {"escaped NUL", text(R"(\u0000)")},
    });
}

TEST(CodecCases, WhatIsNoObject) {
    expect_all({
        {"array", "[]", not_object},
        {"array of an object", "[" + message_json().text() + "]", not_object},
        {"number", "1", not_object},
        {"fraction", "1.5", not_object},
        {"null", "null", not_object},
        {"true", "true", not_object},
        {"text of a word", R"("hello")", not_json},
        {"empty text", R"("")", not_json},
        {"text of an array", R"("[]")", not_object},
        {"text of a number", R"("1")", not_object},
        {"text of a text", R"("\"{}\"")", not_object},
        {"text of an object and more", R"("{}" 1)", not_json},
        {"text of an object and a word", R"("{} x")", not_json},
        {"text with NUL behind the object", R"("{}\u0000")", not_json},
        {"empty object", "{}", unknown_kind},
        {"text of an empty object", R"("{}")", unknown_kind},
        {"none of the kinds", message_json().drop("Mensagem").text(), unknown_kind},
        {"names are told apart by case", message_json().rename("Mensagem", "mensagem").text(),
         unknown_kind},
        {"only p2pd", R"({"p2pd":{"v":1}})", unknown_kind},
    });
}

TEST(CodecCases, WhatIsTooMuch) {
    const auto quoted_members = with_members(64).quoted();
    expect_all({
        {"64 members", with_members(64).text()},
        {"65 members", with_members(65).text(), too_many_members},
        {"1,000 members", with_members(1000).text(), too_many_members},
        {"64 members, quoted", quoted_members},
        {"a member 15 deep", message_json().add("x", nested(15)).text()},
        {"a member 16 deep", message_json().add("x", nested(16)).text(), too_deep},
        {"10,000 brackets", message_json().add("x", std::string(10'000, '[')).text(), too_deep},
        {"10,000 brackets alone", std::string(10'000, '['), not_object},
        {"10,000 objects",
         [] {
             std::string json;
             for (int i = 0; i < 10'000; ++i) json += R"({"a":)";
             return json;
         }(),
         too_deep},
        {"many members inside another", message_json().add("x", with_members(200).text()).text()},
        {"address of 255 bytes",
         message_json().set("Ip_origem", "\"" + std::string(255, 'a') + "\"").text()},
        {"address of 256 bytes",
         message_json().set("Ip_origem", "\"" + std::string(256, 'a') + "\"").text(), out_of_range},
        {"a name of 60,000 bytes", message_json().add(std::string(60'000, 'n'), "1").text()},
        {"text of 60,000 bytes",
         message_json().set("Mensagem", "\"" + std::string(60'000, 'n') + "\"").text()},
    });
}

TEST(CodecCases, WhatIsThereTwice) {
    expect_all({
        {"Mensagem", message_json().add("Mensagem", "\"hi\"").text(), duplicate_member},
        {"ACK", ack_json().add("ACK", "true").text(), duplicate_member},
        {"an unknown one", message_json().add("x", "1").add("x", "1").text(), duplicate_member},
        {"p2pd", message_json().add("p2pd", "1").add("p2pd", "1").text(), duplicate_member},
        {"both spellings of the source", message_json().add("IP_origem", "\"10.0.0.4\"").text(),
         duplicate_member},
        {"both spellings of the destination",
         message_json().add("IP_destino", "\"10.0.0.4\"").text(), duplicate_member},
        {"both spellings of the original", reply_json().add("Mensagem Original", "\"hi\"").text(),
         duplicate_member},
        {"both spellings of the timestamp", message_json().add("Timestamp", "1").text(),
         duplicate_member},
        {"a second spelling that is null", message_json().add("IP_origem", "null").text(),
         duplicate_member},
        {"a second spelling that is an array", message_json().add("IP_origem", "[]").text(),
         duplicate_member},
        {"by an escape", message_json().add(R"(Mensage\u006d)", "\"hi\"").text(), duplicate_member},
        {"inside of another member", message_json().add("x", R"({"a":1,"a":1})").text()},
        {"once outside and once inside", message_json().add("x", R"({"Mensagem":1})").text()},
    });
}

TEST(CodecCases, WhatIsMissing) {
    std::vector<Case> cases;
    for (const char* name : {"Ip_origem", "Ip_destino", "Porta_origem", "Porta_destino"}) {
        cases.push_back({std::string("message without ") + name, message_json().drop(name).text(),
                         missing_member});
        cases.push_back(
            {std::string("ACK without ") + name, ack_json().drop(name).text(), missing_member});
        cases.push_back(
            {std::string("reply without ") + name, reply_json().drop(name).text(), missing_member});
    }
    for (const char* name :
         {"Timestamp da mensagem original", "Timestamp da mensagem de resposta"}) {
        cases.push_back(
            {std::string("ACK without ") + name, ack_json().drop(name).text(), missing_member});
        cases.push_back(
            {std::string("reply without ") + name, reply_json().drop(name).text(), missing_member});
    }
    cases.push_back({"message without timestamp",
                     message_json().drop("Timestamp da mensagem").text(), missing_member});
    cases.push_back({"reply without original text", reply_json().drop("Mensagem original").text(),
                     missing_member});
    cases.push_back({"ACK alone", R"({"ACK":true})", missing_member});
    expect_all(cases);
}

TEST(CodecCases, WhatHasTheWrongType) {
    std::vector<Case> cases;
    for (const char* value : {"1", "true", "null", "[]", "{}", R"(["hi"])"}) {
        for (const char* name : {"Mensagem", "Ip_origem", "Ip_destino"}) {
            cases.push_back({std::string(name) + " " + value,
                             message_json().set(name, value).text(), wrong_type});
        }
        cases.push_back({std::string("answer ") + value,
                         reply_json().set("Mensagem de resposta", value).text(), wrong_type});
        cases.push_back({std::string("original ") + value,
                         reply_json().set("Mensagem original", value).text(), wrong_type});
    }
    for (const char* value : {"0", "1", "null", "[]", "{}", R"("true")", "[true]"}) {
        cases.push_back(
            {std::string("ACK ") + value, ack_json().set("ACK", value).text(), wrong_type});
    }
    for (const char* value : {"true", "null", "[]", "{}", "[5000]"}) {
        cases.push_back({std::string("port ") + value,
                         message_json().set("Porta_origem", value).text(), wrong_type});
        cases.push_back({std::string("timestamp ") + value,
                         message_json().set("Timestamp da mensagem", value).text(), wrong_type});
    }
    expect_all(cases);
}

TEST(CodecCases, WhichPortsAreTaken) {
    const auto port = [](std::string_view value) {
        return message_json().set("Porta_destino", value).text();
    };
    expect_all({
        {"0", port("0")},
        {"1", port("1")},
        {"65535", port("65535")},
        {"digits as a text", port(R"("5000")")},
        {"65536", port("65536"), out_of_range},
        {"70000", port("70000"), out_of_range},
        {"-1", port("-1"), out_of_range},
        {"80.9", port("80.9"), out_of_range},
        {"80.0", port("80.0"), out_of_range},
        {"5e3", port("5e3"), out_of_range},
        {"2^64", port("18446744073709551616"), out_of_range},
        {"100 digits", port(std::string(100, '9')), out_of_range},
        {"1e999", port("1e999"), out_of_range},
        {"text of a word", port(R"("http")"), out_of_range},
        {"empty text", port(R"("")"), out_of_range},
        {"text with a blank", port(R"(" 80")"), out_of_range},
        {"text with a sign", port(R"("+80")"), out_of_range},
        {"text of 65536", port(R"("65536")"), out_of_range},
        {"text with NUL", port(R"("80\u0000")"), out_of_range},
    });
}

TEST(CodecCases, WhichTimestampsAreTaken) {
    const auto stamp = [](std::string_view value) {
        return message_json().set("Timestamp da mensagem", value).text();
    };
    const std::string digits_64 = "1732260000." + std::string(53, '1');
    expect_all({
        {"0", stamp("0")},
        {"the last one", stamp("4294967295.999999")},
        {"64 bytes", stamp(digits_64)},
        {"65 bytes", stamp(digits_64 + "1"), out_of_range},
        {"1,000 digits", stamp("1." + std::string(1000, '1')), out_of_range},
        {"2^32", stamp("4294967296"), out_of_range},
        {"2^32 by rounding", stamp("4294967295.9999999"), out_of_range},
        {"2^32 by rounding to microseconds", stamp("4294967295.9999996"), out_of_range},
        {"milliseconds", stamp("1732260000123"), out_of_range},
        {"2^64", stamp("18446744073709551616"), out_of_range},
        {"-1", stamp("-1"), out_of_range},
        {"-0.000001", stamp("-0.000001"), out_of_range},
        {"1e10", stamp("1e10"), out_of_range},
        {"1e999", stamp("1e999"), out_of_range},
        {"-1e999", stamp("-1e999"), out_of_range},
        {"text", stamp(R"("1732260000.12")")},
        {"text of 1e999", stamp(R"("1e999")"), out_of_range},
        {"text of -1", stamp(R"("-1")"), out_of_range},
        {"text of 2^32", stamp(R"("4294967296")"), out_of_range},
        {"text of 65 bytes", stamp("\"" + digits_64 + "1\""), out_of_range},
        {"empty text", stamp(R"("")"), wrong_type},
        {"text of a word", stamp(R"("now")"), wrong_type},
        {"text of NaN", stamp(R"("nan")"), wrong_type},
        {"text of infinity", stamp(R"("inf")"), wrong_type},
        {"text with a leading plus", stamp(R"("+1732260000.12")"), wrong_type},
        {"text with a blank", stamp(R"("1732260000.12 ")"), wrong_type},
        {"text with a comma", stamp(R"("1732260000,12")"), wrong_type},
        {"text with NUL", stamp(R"("1732260000.12\u0000")"), wrong_type},
        {"text of a date", stamp(R"("2024-11-22T10:00:00Z")"), wrong_type},
        {"ACK of a bad timestamp", ack_json().set("Timestamp da mensagem original", "-1").text(),
         out_of_range},
        {"ACK with a bad timestamp of its own",
         ack_json().set("Timestamp da mensagem de resposta", "-1").text(), out_of_range},
        {"an unused timestamp that is bad", ack_json().add("Timestamp", "-1").text()},
    });
}

TEST(CodecCases, UnknownMembersAreIgnored) {
    expect_all({
        {"null", message_json().add("x", "null").text()},
        {"an object", message_json().add("x", R"({"y":{"z":[1,2,{}]}})").text()},
        {"before the others", R"({"x":[1],)" + message_json().text().substr(1)},
        {"the empty name", message_json().add("", "1").text()},
        {"p2pd inside of another", message_json().add("x", R"({"p2pd":{"part":1}})").text()},
        {"members of another kind", message_json().add("Mensagem original", "1").text()},
        {"1e999", message_json().add("x", "1e999").text()},
        {"-1e999, quoted", message_json().add("x", "[-1e999]").quoted()},
        {"10^400", message_json().add("x", "1" + std::string(400, '0')).text()},
        {"1e999 behind a text with a quote",
         message_json().set("Mensagem", R"("\\\"1e999")").add("x", "1e999").text()},
        {"1e999 and a comma", message_json().add("x", "1e999,").text(), not_json},
        {"1e9999-1", message_json().add("x", "1e9999-1").text(), not_json},
        {"1e999 in a text", message_json().set("Mensagem", "1e999").text(), wrong_type},
        {"a number of 400 digits", message_json().add("x", "0." + std::string(400, '1')).text()},
    });
}

TEST(CodecCases, InconsistentPartMarksAreIgnored) {
    for (const char* value : {"1",
                              "null",
                              "true",
                              R"("part")",
                              "[]",
                              "{}",
                              R"({"part":1})",
                              R"({"parts":2})",
                              R"({"part":0,"parts":2})",
                              R"({"part":3,"parts":2})",
                              R"({"part":1,"parts":1})",
                              R"({"part":1,"parts":0})",
                              R"({"part":1,"parts":1001})",
                              R"({"part":-1,"parts":2})",
                              R"({"part":1.0,"parts":2})",
                              R"({"part":"1","parts":"2"})",
                              R"({"part":true,"parts":2})",
                              R"({"part":1,"parts":18446744073709551617})",
                              R"({"part":[1],"parts":[2]})",
                              R"({"x":{"part":1,"parts":2}})",
                              R"([{"part":1,"parts":2}])",
                              R"(["part",1,"parts",2])",
                              R"({"part":1,"part":2,"parts":3})",
                              R"({"part":{"part":1},"parts":2})",
                              R"({"PART":1,"parts":2})"}) {
        SCOPED_TRACE(value);
        const auto result = decode(message_json().add("p2pd", value).text());
        ASSERT_TRUE(std::holds_alternative<Datagram>(result));
        EXPECT_FALSE(std::get<WireMessage>(std::get<Datagram>(result).object).part);
    }
}

TEST(CodecCases, PartMarksOutsideOfP2pdAreNone) {
    const auto result = decode(message_json()
                                   .add("x", R"({"parts":2,"part":1})")
                                   .add("p2pd", "[2]")
                                   .add("part", "1")
                                   .text());
    ASSERT_TRUE(std::holds_alternative<Datagram>(result));
    EXPECT_FALSE(std::get<WireMessage>(std::get<Datagram>(result).object).part);
}

TEST(CodecCases, APartBeforeTheEpochIsNoPart) {
    const auto result = decode(message_json()
                                   .set("Timestamp da mensagem", "0.000001")
                                   .add("p2pd", R"({"part":3,"parts":3})")
                                   .text());
    EXPECT_FALSE(std::get<WireMessage>(std::get<Datagram>(result).object).part);
}

}  // namespace
}  // namespace p2pd

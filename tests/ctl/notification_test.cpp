// tests/ctl: what a notification of the desktop says of a message.
#include <gtest/gtest.h>

#include "ctl/desktop_notifier.h"

namespace p2pd::test {
namespace {

MessageRecord told_by_bob(const std::string& text) {
    MessageRecord record;
    record.peer = "10.0.0.5:5000";
    record.name = "bob";
    record.text = text;
    return record;
}

TEST(Notification, NamesTheSender) {
    MessageRecord record = told_by_bob("hi");
    EXPECT_EQ(notification_of(record, true).summary, "bob");
    record.name.reset();
    EXPECT_EQ(notification_of(record, true).summary, "10.0.0.5:5000");
}

TEST(Notification, OfASentMessageSaysItsState) {
    MessageRecord record = told_by_bob("hi");
    record.dir = Direction::out;
    record.state = SendState::expired;
    EXPECT_EQ(notification_of(record, true).summary, "to bob: expired");
}

TEST(Notification, NothingInATextIsMarkup) {
    const MessageRecord record = told_by_bob("<a href='x'>you & me</a> &lt;");
    EXPECT_EQ(notification_of(record, true).body,
              "&lt;a href='x'&gt;you &amp; me&lt;/a&gt; &amp;lt;");
}

TEST(Notification, WhereNoMarkupIsReadTheTextIsAsItIs) {
    EXPECT_EQ(notification_of(told_by_bob("1 < 2 & 3"), false).body, "1 < 2 & 3");
}

TEST(Notification, ControlCharactersAreVisible) {
    const MessageRecord record = told_by_bob(std::string("a\x1b[2J\xff\0b\n\u202e", 12));
    EXPECT_EQ(notification_of(record, true).body, "a\\x1b[2J\\xff\\x00b\n\\u202e");
}

TEST(Notification, ALongTextIsCutBetweenCharacters) {
    std::string text;
    for (int count = 0; count < 400; ++count) text += "ä";
    EXPECT_EQ(notification_of(told_by_bob(text), true).body, text);
    EXPECT_EQ(notification_of(told_by_bob(text + "ä"), true).body, text + "…");
}

}  // namespace
}  // namespace p2pd::test

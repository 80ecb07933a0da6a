/// JSON values for plugins in C++: enough to read an input and write an output. C++17, no other library.
///
/// A plugin that has a JSON library of its own uses that instead: `Json::raw` takes text as it is, and
/// `Context::input_text` gives it.
#ifndef BATTEN_JSON_HPP
#define BATTEN_JSON_HPP

#include <charconv>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace batten {

/// Text that is no JSON, with the byte at which that shows.
class JsonError : public std::runtime_error {
  public:
    JsonError(const std::string &what, std::size_t offset)
        : std::runtime_error(what + " at byte " + std::to_string(offset)) {}
};

struct JsonMember;

/// A JSON value. Objects keep the order of their members; integers of 64 bits are exact.
class Json {
  public:
    using Array = std::vector<Json>;
    using Object = std::vector<JsonMember>;

    Json() = default;
    Json(std::nullptr_t) {}
    Json(bool value) : value_(value) {}
    Json(int value) : value_(std::int64_t{value}) {}
    Json(long value) : value_(std::int64_t{value}) {}
    Json(long long value) : value_(static_cast<std::int64_t>(value)) {}
    Json(double value) : value_(value) {}
    Json(const char *value) : value_(std::string(value)) {}
    Json(std::string value) : value_(std::move(value)) {}
    Json(std::string_view value) : value_(std::string(value)) {}
    Json(Array value) : value_(std::move(value)) {}
    Json(Object value);

    /// A value that is at hand as JSON text and goes out as it is.
    static Json raw(std::string text);
    /// Reads JSON text; throws JsonError.
    static Json parse(std::string_view text);

    bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
    const bool *boolean() const { return std::get_if<bool>(&value_); }
    const std::int64_t *integer() const { return std::get_if<std::int64_t>(&value_); }
    const std::string *string() const { return std::get_if<std::string>(&value_); }
    const Array *array() const { return std::get_if<Array>(&value_); }
    const Object *object() const { return std::get_if<Object>(&value_); }
    /// Any number.
    bool number(double &into) const {
        if (auto exact = integer()) into = static_cast<double>(*exact);
        else if (auto other = std::get_if<double>(&value_)) into = *other;
        else return false;
        return true;
    }
    /// A member of an object; nullptr if there is none, or no object.
    const Json *find(std::string_view name) const;
    /// A member of an object, added as null if it is missing; null becomes an object.
    Json &operator[](std::string_view name);

    /// The value as text.
    std::string text() const {
        std::string out;
        write(out);
        return out;
    }
    void write(std::string &out) const;

  private:
    struct Raw {
        std::string text;
    };
    std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object, Raw> value_;
    static void quote(std::string &out, const std::string &text);
};

/// One member of an object.
struct JsonMember {
    std::string name;
    Json value;
};

inline Json::Json(Object value) : value_(std::move(value)) {}

inline Json Json::raw(std::string text) {
    Json json;
    json.value_ = Raw{std::move(text)};
    return json;
}

inline const Json *Json::find(std::string_view name) const {
    if (auto members = object())
        for (const auto &member : *members)
            if (member.name == name) return &member.value;
    return nullptr;
}

inline Json &Json::operator[](std::string_view name) {
    if (is_null()) value_ = Object{};
    auto members = std::get_if<Object>(&value_);
    if (!members) throw std::logic_error("a JSON value that is no object has no members");
    for (auto &member : *members)
        if (member.name == name) return member.value;
    members->push_back({std::string(name), Json()});
    return members->back().value;
}

inline void Json::quote(std::string &out, const std::string &text) {
    static const char digits[] = "0123456789abcdef";
    out += '"';
    for (char byte : text) {
        auto code = static_cast<unsigned char>(byte);
        if (byte == '"' || byte == '\\') {
            out += '\\';
            out += byte;
        } else if (code < 0x20) {
            out += "\\u00";
            out += digits[code >> 4];
            out += digits[code & 15];
        } else {
            out += byte;
        }
    }
    out += '"';
}

inline void Json::write(std::string &out) const {
    char digits[40];
    if (is_null()) {
        out += "null";
    } else if (auto truth = boolean()) {
        out += *truth ? "true" : "false";
    } else if (auto whole = integer()) {
        out += std::to_string(*whole);
    } else if (auto real = std::get_if<double>(&value_)) {
        // JSON has no infinities and no NaN.
        if (!std::isfinite(*real)) out += "null";
        else out.append(digits, std::to_chars(digits, digits + sizeof digits, *real).ptr);
    } else if (auto text = string()) {
        quote(out, *text);
    } else if (auto elements = array()) {
        out += '[';
        for (const auto &element : *elements) {
            if (&element != elements->data()) out += ',';
            element.write(out);
        }
        out += ']';
    } else if (auto members = object()) {
        out += '{';
        for (const auto &member : *members) {
            if (&member != members->data()) out += ',';
            quote(out, member.name);
            out += ':';
            member.value.write(out);
        }
        out += '}';
    } else {
        out += std::get<Raw>(value_).text;
    }
}

/// Reads JSON text; use Json::parse.
class JsonParser {
  public:
    explicit JsonParser(std::string_view text) : text_(text) {}

    Json document() {
        Json value = this->value(0);
        space();
        if (at_ != text_.size()) fail("something follows the value");
        return value;
    }

  private:
    std::string_view text_;
    std::size_t at_ = 0;
    static constexpr int max_depth = 256;

    [[noreturn]] void fail(const char *what) const { throw JsonError(what, at_); }
    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    void space() {
        while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') at_++;
    }
    void expect(char byte, const char *what) {
        if (peek() != byte) fail(what);
        at_++;
    }
    bool word(std::string_view word) {
        if (text_.substr(at_, word.size()) != word) return false;
        at_ += word.size();
        return true;
    }

    Json value(int depth) {
        if (depth > max_depth) fail("the value is nested too deeply");
        space();
        if (peek() == '{') return object(depth);
        if (peek() == '[') return array(depth);
        if (peek() == '"') return Json(string());
        if (word("true")) return Json(true);
        if (word("false")) return Json(false);
        if (word("null")) return Json();
        return number();
    }

    Json object(int depth) {
        Json::Object members;
        at_++;
        space();
        if (peek() == '}') return at_++, Json(std::move(members));
        for (;;) {
            space();
            if (peek() != '"') fail("a member's name is expected");
            std::string name = string();
            space();
            expect(':', "a colon is expected");
            members.push_back({std::move(name), value(depth + 1)});
            space();
            if (peek() == '}') return at_++, Json(std::move(members));
            expect(',', "a comma or a closing brace is expected");
        }
    }

    Json array(int depth) {
        Json::Array elements;
        at_++;
        space();
        if (peek() == ']') return at_++, Json(std::move(elements));
        for (;;) {
            elements.push_back(value(depth + 1));
            space();
            if (peek() == ']') return at_++, Json(std::move(elements));
            expect(',', "a comma or a closing bracket is expected");
        }
    }

    unsigned unit() {
        unsigned code = 0;
        auto first = text_.data() + at_;
        if (text_.size() - at_ < 4 || std::from_chars(first, first + 4, code, 16).ptr != first + 4)
            fail("four hexadecimal digits are expected");
        at_ += 4;
        return code;
    }

    void append(std::string &out, unsigned code) {
        if (code < 0x80) {
            out += static_cast<char>(code);
        } else if (code < 0x800) {
            out += static_cast<char>(0xC0 | code >> 6);
            out += static_cast<char>(0x80 | (code & 63));
        } else if (code < 0x10000) {
            out += static_cast<char>(0xE0 | code >> 12);
            out += static_cast<char>(0x80 | (code >> 6 & 63));
            out += static_cast<char>(0x80 | (code & 63));
        } else {
            out += static_cast<char>(0xF0 | code >> 18);
            out += static_cast<char>(0x80 | (code >> 12 & 63));
            out += static_cast<char>(0x80 | (code >> 6 & 63));
            out += static_cast<char>(0x80 | (code & 63));
        }
    }

    std::string string() {
        static const std::string_view from = "\"\\/bfnrt", to = "\"\\/\b\f\n\r\t";
        std::string out;
        at_++;
        for (;;) {
            if (at_ >= text_.size()) fail("the string does not end");
            char byte = text_[at_++];
            if (byte == '"') return out;
            if (static_cast<unsigned char>(byte) < 0x20) fail("a control character must be escaped");
            if (byte != '\\') {
                out += byte;
                continue;
            }
            char escape = peek();
            at_++;
            if (auto place = from.find(escape); escape && place != from.npos) {
                out += to[place];
            } else if (escape == 'u') {
                unsigned code = unit();
                if (code >= 0xD800 && code < 0xDC00) {
                    if (!word("\\u")) fail("the second half of a character is missing");
                    unsigned low = unit();
                    if (low < 0xDC00 || low > 0xDFFF) fail("the second half of a character is wrong");
                    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                } else if (code >= 0xDC00 && code < 0xE000) {
                    fail("the first half of a character is missing");
                }
                append(out, code);
            } else {
                fail("there is no such escape");
            }
        }
    }

    Json number() {
        std::size_t start = at_;
        bool exact = true;
        auto digits = [&] {
            std::size_t first = at_;
            while (peek() >= '0' && peek() <= '9') at_++;
            if (at_ == first) fail("a value is expected");
            return first;
        };
        if (peek() == '-') at_++;
        std::size_t first = digits();
        if (text_[first] == '0' && at_ - first > 1) fail("a number does not begin with 0");
        if (peek() == '.') at_++, exact = false, digits();
        if (peek() == 'e' || peek() == 'E') {
            at_++, exact = false;
            if (peek() == '+' || peek() == '-') at_++;
            digits();
        }
        auto from = text_.data() + start, to = text_.data() + at_;
        std::int64_t whole = 0;
        if (exact && std::from_chars(from, to, whole).ec == std::errc()) return Json(whole);
        double real = 0;
        if (std::from_chars(from, to, real).ec != std::errc()) fail("the number is out of range");
        return Json(real);
    }
};

inline Json Json::parse(std::string_view text) { return JsonParser(text).document(); }

}  // namespace batten
#endif

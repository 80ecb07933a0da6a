// Fills the flat tape of CBattenJSON.h from RapidJSON's iterative SAX reader.
#include "CBattenJSON.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#define RAPIDJSON_HAS_STDSTRING 0
#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

namespace {

// An allocator that reports exhaustion instead of handing out null.
class Allocator {
public:
    void *Malloc(size_t size) { return checked(size, std::malloc(size)); }
    void *Realloc(void *old, size_t, size_t size) {
        if (size == 0) {
            std::free(old);
            return nullptr;
        }
        return checked(size, std::realloc(old, size));
    }
    static void Free(void *pointer) { std::free(pointer); }

private:
    static void *checked(size_t size, void *pointer) {
        if (pointer == nullptr && size != 0) throw std::bad_alloc();
        return pointer;
    }
};

struct Tape {
    std::vector<batten_json_entry> entries;
    std::vector<uint8_t> text;
};

// The source with a position that is exact inside every handler call: RapidJSON copies streams it may optimise,
// and does not copy this one. It parses in place, as RapidJSON sees it: what it writes to the stream are the decoded
// bytes of a string, which are kept only where they differ from what was read.
class Source {
public:
    typedef char Ch;
    Source(const char *begin, const char *end, std::vector<uint8_t> &text)
        : begin_(begin), at_(begin), end_(end), text_(text) {}
    Ch Peek() const { return at_ != end_ ? *at_ : '\0'; }
    Ch Take() { return at_ != end_ ? *at_++ : '\0'; }
    size_t Tell() const { return static_cast<size_t>(at_ - begin_); }
    const char *begin() const { return begin_; }
    bool atEnd() const { return at_ == end_; }

    // RapidJSON calls this behind the opening quote of a string, and behind a number. Most strings are plain ASCII:
    // they are passed over here, and RapidJSON goes on at the first byte that needs a look, or the closing quote.
    Ch *PutBegin() {
        mark_ = text_.size();
        start_ = at_;
        isPlain_ = false;
        if (at_ != begin_ && at_[-1] == '"') {
            while (at_ != end_ && isPlain(*at_)) at_++;
            isPlain_ = at_ != end_ && *at_ == '"';
            if (!isPlain_) text_.insert(text_.end(), start_, at_);
        }
        return &none_;
    }
    void Put(Ch c) { text_.push_back(static_cast<uint8_t>(c)); }
    void Flush() {}
    size_t PutEnd(Ch *) { return text_.size() - mark_; }

    // Where the text of the string just read begins, and where its decoded bytes are, a zero behind them included.
    const char *start() const { return start_; }
    size_t mark() const { return mark_; }
    bool isPlain() const { return isPlain_; }

private:
    static bool isPlain(char c) { return c >= 0x20 && c != '"' && c != '\\' && static_cast<uint8_t>(c) < 0x80; }

    const char *begin_;
    const char *at_;
    const char *end_;
    std::vector<uint8_t> &text_;
    const char *start_ = nullptr;
    size_t mark_ = 0;
    bool isPlain_ = false;
    Ch none_ = 0;
};

class Handler {
public:
    Handler(Source &source, Tape &tape, uint32_t maxDepth) : source_(source), tape_(tape), maxDepth_(maxDepth) {}

    bool Null() { return literal(BATTEN_JSON_NULL, 4); }
    bool Bool(bool value) { return value ? literal(BATTEN_JSON_TRUE, 4) : literal(BATTEN_JSON_FALSE, 5); }
    // Numbers come as checked text: RapidJSON's own conversion is not exact for the smallest doubles.
    bool Int(int) { return false; }
    bool Uint(unsigned) { return false; }
    bool Int64(int64_t) { return false; }
    bool Uint64(uint64_t) { return false; }
    bool Double(double) { return false; }
    bool RawNumber(const char *, rapidjson::SizeType length, bool) {
        batten_json_entry entry = plain(BATTEN_JSON_INTEGER);
        entry.start = entry.end - length;
        const char *text = source_.begin() + entry.start;
        const char *end = text + length;
        if (memchr(text, '.', length) == nullptr && memchr(text, 'e', length) == nullptr
            && memchr(text, 'E', length) == nullptr) {
            const std::from_chars_result result = std::from_chars(text, end, entry.value.integer);
            if (result.ec == std::errc()) return add(entry);
        }
        entry.kind = BATTEN_JSON_DOUBLE;
        double number = 0;
        const std::from_chars_result result = std::from_chars(text, end, number);
        if (result.ec == std::errc::result_out_of_range) {
            if (isLarge(text, end)) return fail(BATTEN_JSON_SYNTAX, entry.start);
            number = *text == '-' ? -0.0 : 0.0;
        } else if (result.ec != std::errc() || !std::isfinite(number)) {
            return fail(BATTEN_JSON_SYNTAX, entry.start);
        }
        entry.value.number = number;
        return add(entry);
    }
    bool String(const char *, rapidjson::SizeType, bool) { return string(BATTEN_JSON_STRING); }
    bool Key(const char *, rapidjson::SizeType, bool) { return string(BATTEN_JSON_KEY); }
    bool StartObject() { return open(BATTEN_JSON_OBJECT); }
    bool StartArray() { return open(BATTEN_JSON_ARRAY); }
    bool EndObject(rapidjson::SizeType members) { return close(members); }
    bool EndArray(rapidjson::SizeType elements) { return close(elements); }

    uint32_t failure() const { return failure_; }
    size_t failureOffset() const { return failureOffset_; }

private:
    bool literal(uint32_t kind, uint32_t length) {
        batten_json_entry entry = plain(kind);
        entry.start = entry.end - length;
        return add(entry);
    }

    // Whether a number beyond the range of doubles is too large, and not too small: where its first digit that is not
    // zero stands before the point, once the exponent has moved it.
    static bool isLarge(const char *at, const char *end) {
        if (*at == '-') at++;
        int64_t place = 0;
        bool afterPoint = false, found = false;
        for (; at != end && *at != 'e' && *at != 'E'; at++) {
            if (*at == '.') {
                afterPoint = true;
            } else {
                found = found || *at != '0';
                if (found && !afterPoint) place++;
                if (!found && afterPoint) place--;
            }
        }
        if (at == end) return place > 0;
        at++;
        if (at != end && *at == '+') at++;
        int64_t exponent = 0;
        if (std::from_chars(at, end, exponent).ec != std::errc()) return *at != '-';
        return exponent > INT32_MAX || (exponent > INT32_MIN && place + exponent > 0);
    }

    // A text with escapes is always shorter decoded than written.
    bool string(uint32_t kind) {
        batten_json_entry entry = plain(kind);
        const uint32_t start = static_cast<uint32_t>(source_.start() - source_.begin());
        const uint32_t written = entry.end - start - 1;
        const size_t mark = source_.mark();
        const size_t decoded = tape_.text.size() - mark - 1;
        entry.start = start - 1;
        if (source_.isPlain() || decoded == written) {
            entry.value.string.offset = start;
            entry.value.string.length = written;
            tape_.text.resize(mark);
        } else {
            if (hasSurrogate(tape_.text.data() + mark, decoded)) return fail(BATTEN_JSON_ENCODING, entry.start);
            entry.value.string.offset = static_cast<uint32_t>(mark);
            entry.value.string.length = static_cast<uint32_t>(decoded) | BATTEN_JSON_DECODED;
            tape_.text.resize(mark + decoded);
        }
        return add(entry);
    }

    // An escaped half of a surrogate pair decodes to ED A0..BF, which no valid UTF-8 contains.
    static bool hasSurrogate(const uint8_t *text, size_t length) {
        for (size_t i = 0; i + 1 < length; i++) {
            if (text[i] == 0xED && text[i + 1] >= 0xA0) return true;
        }
        return false;
    }

    // RapidJSON takes a bracket after it has told the handler of it.
    bool open(uint32_t kind) {
        if (stack_.size() >= maxDepth_) return fail(BATTEN_JSON_DEPTH, source_.Tell());
        batten_json_entry entry = plain(kind);
        entry.start = entry.end;
        stack_.push_back(static_cast<uint32_t>(tape_.entries.size()));
        return add(entry);
    }

    bool close(uint32_t count) {
        batten_json_entry &entry = tape_.entries[stack_.back()];
        stack_.pop_back();
        entry.end = static_cast<uint32_t>(source_.Tell()) + 1;
        entry.next = static_cast<uint32_t>(tape_.entries.size());
        entry.value.integer = count;
        return true;
    }

    batten_json_entry plain(uint32_t kind) {
        batten_json_entry entry;
        std::memset(&entry, 0, sizeof entry);
        entry.kind = kind;
        entry.end = static_cast<uint32_t>(source_.Tell());
        return entry;
    }

    bool add(batten_json_entry entry) {
        entry.next = static_cast<uint32_t>(tape_.entries.size()) + 1;
        tape_.entries.push_back(entry);
        return true;
    }

    bool fail(uint32_t status, size_t offset) {
        failure_ = status;
        failureOffset_ = offset;
        return false;
    }

    Source &source_;
    Tape &tape_;
    uint32_t maxDepth_;
    std::vector<uint32_t> stack_;
    uint32_t failure_ = BATTEN_JSON_OK;
    size_t failureOffset_ = 0;
};

void refuse(batten_json_tape *tape, uint32_t status, const char *message, size_t offset) {
    tape->status = status;
    tape->message = message;
    tape->error_offset = offset;
}

void read(const char *source, size_t length, uint32_t maxDepth, batten_json_tape *out, Tape &tape) {
    using namespace rapidjson;
    Source stream(source, source + length, tape.text);
    // A guess that spares most of the growing; what is not written to costs no memory.
    tape.entries.reserve(length / 16 + 16);
    Handler handler(stream, tape, maxDepth);
    GenericReader<UTF8<>, UTF8<>, Allocator> reader;
    const unsigned flags =
        kParseIterativeFlag | kParseInsituFlag | kParseValidateEncodingFlag | kParseNumbersAsStringsFlag;
    ParseResult result = reader.template Parse<flags>(stream, handler);
    if (handler.failure() == BATTEN_JSON_DEPTH) {
        return refuse(out, BATTEN_JSON_DEPTH, "it is nested too deeply", handler.failureOffset());
    }
    if (handler.failure() == BATTEN_JSON_ENCODING) {
        return refuse(out, BATTEN_JSON_ENCODING, "the string holds half a surrogate pair", handler.failureOffset());
    }
    if (handler.failure() != BATTEN_JSON_OK) {
        return refuse(out, BATTEN_JSON_SYNTAX, "the number is too large", handler.failureOffset());
    }
    if (result.IsError()) {
        switch (result.Code()) {
        case kParseErrorStringInvalidEncoding:
            return refuse(out, BATTEN_JSON_ENCODING, "the string is not valid UTF-8", result.Offset());
        case kParseErrorStringUnicodeSurrogateInvalid:
            return refuse(out, BATTEN_JSON_ENCODING, "the string holds half a surrogate pair", result.Offset());
        case kParseErrorDocumentEmpty:
            return refuse(out, BATTEN_JSON_SYNTAX, "there is no value", result.Offset());
        case kParseErrorDocumentRootNotSingular:
            return refuse(out, BATTEN_JSON_SYNTAX, "something follows the value", result.Offset());
        case kParseErrorObjectMissName:
            return refuse(out, BATTEN_JSON_SYNTAX, "expected a key in double quotes", result.Offset());
        case kParseErrorObjectMissColon:
            return refuse(out, BATTEN_JSON_SYNTAX, "expected ':' after the key", result.Offset());
        case kParseErrorObjectMissCommaOrCurlyBracket:
            return refuse(out, BATTEN_JSON_SYNTAX, "expected ',' or '}'", result.Offset());
        case kParseErrorArrayMissCommaOrSquareBracket:
            return refuse(out, BATTEN_JSON_SYNTAX, "expected ',' or ']'", result.Offset());
        case kParseErrorStringUnicodeEscapeInvalidHex:
            return refuse(out, BATTEN_JSON_SYNTAX, "expected four hexadecimal digits after '\\u'", result.Offset());
        case kParseErrorStringEscapeInvalid:
            return refuse(out, BATTEN_JSON_SYNTAX, "this escape does not exist", result.Offset());
        case kParseErrorStringMissQuotationMark:
            return refuse(out, BATTEN_JSON_SYNTAX, "the string is not closed", result.Offset());
        case kParseErrorNumberTooBig:
            return refuse(out, BATTEN_JSON_SYNTAX, "the number is too large", result.Offset());
        case kParseErrorNumberMissFraction:
            return refuse(out, BATTEN_JSON_SYNTAX, "expected a digit after '.'", result.Offset());
        case kParseErrorNumberMissExponent:
            return refuse(out, BATTEN_JSON_SYNTAX, "expected a digit in the exponent", result.Offset());
        default:
            return refuse(out, BATTEN_JSON_SYNTAX, "expected a value", result.Offset());
        }
    }
    if (!stream.atEnd()) return refuse(out, BATTEN_JSON_SYNTAX, "something follows the value", stream.Tell());
}

} // namespace

void batten_json_read(const uint8_t *source, size_t length, uint32_t maxDepth, batten_json_tape *tape) {
    std::memset(tape, 0, sizeof *tape);
    if (length >= 0x80000000u) return refuse(tape, BATTEN_JSON_TOO_LARGE, "it has 2 GiB or more", 0);
    Tape *owner = nullptr;
    try {
        owner = new Tape();
        static const char empty = 0;
        const char *bytes = length == 0 ? &empty : reinterpret_cast<const char *>(source);
        read(bytes, length, maxDepth, tape, *owner);
    } catch (...) {
        refuse(tape, BATTEN_JSON_MEMORY, "there is not enough memory", 0);
    }
    if (tape->status != BATTEN_JSON_OK) {
        delete owner;
        return;
    }
    tape->owner = owner;
    tape->entries = owner->entries.data();
    tape->count = static_cast<uint32_t>(owner->entries.size());
    tape->text = owner->text.data();
    tape->text_length = static_cast<uint32_t>(owner->text.size());
}

void batten_json_free(batten_json_tape *tape) {
    delete static_cast<Tape *>(tape->owner);
    std::memset(tape, 0, sizeof *tape);
}

/// Structs as JSON objects: name the members once, with BATTEN_FIELDS, and they are read, written and described.
///
///     struct Input {
///         std::string name;
///         std::optional<std::int64_t> times;
///         BATTEN_FIELDS(name, times)
///     };
///
/// A member may be bool, an integer, double, std::string, Json, std::optional, std::vector or std::map (with names as
/// keys) of those, or such a struct. Up to 16 members.
#ifndef BATTEN_FIELDS_HPP
#define BATTEN_FIELDS_HPP

#include <batten/json.hpp>

#include <limits>
#include <map>
#include <optional>
#include <type_traits>

#define BATTEN_FIELDS(...)                                                                                             \
    template <class Visitor> void batten_visit(Visitor &&visitor) { BATTEN_EACH(__VA_ARGS__) }                         \
    template <class Visitor> void batten_visit(Visitor &&visitor) const { BATTEN_EACH(__VA_ARGS__) }

#define BATTEN_EACH(...)                                                                                               \
    BATTEN_PICK(__VA_ARGS__, BATTEN_16, BATTEN_15, BATTEN_14, BATTEN_13, BATTEN_12, BATTEN_11, BATTEN_10, BATTEN_9,    \
                BATTEN_8, BATTEN_7, BATTEN_6, BATTEN_5, BATTEN_4, BATTEN_3, BATTEN_2, BATTEN_1, )(__VA_ARGS__)
#define BATTEN_PICK(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, picked, ...) picked
#define BATTEN_1(a) visitor(#a, a);
#define BATTEN_2(a, ...) visitor(#a, a); BATTEN_1(__VA_ARGS__)
#define BATTEN_3(a, ...) visitor(#a, a); BATTEN_2(__VA_ARGS__)
#define BATTEN_4(a, ...) visitor(#a, a); BATTEN_3(__VA_ARGS__)
#define BATTEN_5(a, ...) visitor(#a, a); BATTEN_4(__VA_ARGS__)
#define BATTEN_6(a, ...) visitor(#a, a); BATTEN_5(__VA_ARGS__)
#define BATTEN_7(a, ...) visitor(#a, a); BATTEN_6(__VA_ARGS__)
#define BATTEN_8(a, ...) visitor(#a, a); BATTEN_7(__VA_ARGS__)
#define BATTEN_9(a, ...) visitor(#a, a); BATTEN_8(__VA_ARGS__)
#define BATTEN_10(a, ...) visitor(#a, a); BATTEN_9(__VA_ARGS__)
#define BATTEN_11(a, ...) visitor(#a, a); BATTEN_10(__VA_ARGS__)
#define BATTEN_12(a, ...) visitor(#a, a); BATTEN_11(__VA_ARGS__)
#define BATTEN_13(a, ...) visitor(#a, a); BATTEN_12(__VA_ARGS__)
#define BATTEN_14(a, ...) visitor(#a, a); BATTEN_13(__VA_ARGS__)
#define BATTEN_15(a, ...) visitor(#a, a); BATTEN_14(__VA_ARGS__)
#define BATTEN_16(a, ...) visitor(#a, a); BATTEN_15(__VA_ARGS__)

namespace batten {

/// A value that does not have the shape it should have, with the way to it: `messages[2].role`.
class ShapeError : public std::runtime_error {
  public:
    ShapeError(std::string field, const std::string &what)
        : std::runtime_error(field.empty() ? what : field + ": " + what), field(std::move(field)) {}
    std::string field;
};

/// Reads, writes and describes values of one type; specialise it for types of your own.
template <class T, class = void> struct Shape {
    static void read(const Json &json, T &into, const std::string &at) {
        if (!json.object()) throw ShapeError(at, "must be an object");
        into.batten_visit([&](const char *name, auto &member) {
            using Member = std::decay_t<decltype(member)>;
            const Json *found = json.find(name);
            std::string path = at.empty() ? name : at + "." + name;
            if (found) Shape<Member>::read(*found, member, path);
            else if (!Shape<Member>::optional) throw ShapeError(path, "is missing");
        });
    }
    static Json write(const T &value) {
        Json::Object members;
        value.batten_visit([&](const char *name, const auto &member) {
            using Member = std::decay_t<decltype(member)>;
            Json json = Shape<Member>::write(member);
            if (!json.is_null() || !Shape<Member>::optional) members.push_back({name, std::move(json)});
        });
        return Json(std::move(members));
    }
    static Json schema() {
        Json::Object properties;
        Json::Array required;
        T{}.batten_visit([&](const char *name, const auto &member) {
            using Member = std::decay_t<decltype(member)>;
            properties.push_back({name, Shape<Member>::schema()});
            if (!Shape<Member>::optional) required.push_back(Json(name));
        });
        Json::Object all{{"type", "object"}, {"properties", Json(std::move(properties))}};
        if (!required.empty()) all.push_back({"required", Json(std::move(required))});
        all.push_back({"additionalProperties", false});
        return Json(std::move(all));
    }
    static constexpr bool optional = false;
};

template <> struct Shape<Json> {
    static void read(const Json &json, Json &into, const std::string &) { into = json; }
    static Json write(const Json &value) { return value; }
    static Json schema() { return Json(Json::Object{}); }
    static constexpr bool optional = false;
};

template <> struct Shape<bool> {
    static void read(const Json &json, bool &into, const std::string &at) {
        if (!json.boolean()) throw ShapeError(at, "must be true or false");
        into = *json.boolean();
    }
    static Json write(bool value) { return Json(value); }
    static Json schema() { return Json(Json::Object{{"type", "boolean"}}); }
    static constexpr bool optional = false;
};

template <> struct Shape<std::string> {
    static void read(const Json &json, std::string &into, const std::string &at) {
        if (!json.string()) throw ShapeError(at, "must be a string");
        into = *json.string();
    }
    static Json write(const std::string &value) { return Json(value); }
    static Json schema() { return Json(Json::Object{{"type", "string"}}); }
    static constexpr bool optional = false;
};

template <> struct Shape<double> {
    static void read(const Json &json, double &into, const std::string &at) {
        if (!json.number(into)) throw ShapeError(at, "must be a number");
    }
    static Json write(double value) { return Json(value); }
    static Json schema() { return Json(Json::Object{{"type", "number"}}); }
    static constexpr bool optional = false;
};

template <class T> struct Shape<T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>>> {
    static_assert(sizeof(T) < 8 || std::is_signed_v<T>, "JSON integers have 64 bits with a sign");
    static void read(const Json &json, T &into, const std::string &at) {
        double real = 0;
        if (auto whole = json.integer()) {
            if (*whole < static_cast<std::int64_t>(std::numeric_limits<T>::min())
                || *whole > static_cast<std::int64_t>(std::numeric_limits<T>::max()))
                throw ShapeError(at, "is out of range");
            into = static_cast<T>(*whole);
        } else if (json.number(real) && real == std::floor(real) && std::fabs(real) <= 9007199254740992.0) {
            // 2.0 and 1e3 are integers too.
            read(Json(static_cast<std::int64_t>(real)), into, at);
        } else {
            throw ShapeError(at, "must be an integer");
        }
    }
    static Json write(T value) { return Json(static_cast<long long>(value)); }
    static Json schema() { return Json(Json::Object{{"type", "integer"}}); }
    static constexpr bool optional = false;
};

template <class T> struct Shape<std::optional<T>> {
    static void read(const Json &json, std::optional<T> &into, const std::string &at) {
        if (json.is_null()) return;
        T value{};
        Shape<T>::read(json, value, at);
        into = std::move(value);
    }
    static Json write(const std::optional<T> &value) { return value ? Shape<T>::write(*value) : Json(); }
    static Json schema() { return Shape<T>::schema(); }
    static constexpr bool optional = true;
};

template <class T> struct Shape<std::vector<T>> {
    static void read(const Json &json, std::vector<T> &into, const std::string &at) {
        if (!json.array()) throw ShapeError(at, "must be an array");
        for (const auto &element : *json.array()) {
            T value{};
            Shape<T>::read(element, value, at + "[" + std::to_string(into.size()) + "]");
            into.push_back(std::move(value));
        }
    }
    static Json write(const std::vector<T> &value) {
        Json::Array elements;
        for (const auto &element : value) elements.push_back(Shape<T>::write(element));
        return Json(std::move(elements));
    }
    static Json schema() { return Json(Json::Object{{"type", "array"}, {"items", Shape<T>::schema()}}); }
    static constexpr bool optional = false;
};

template <class T> struct Shape<std::map<std::string, T>> {
    static void read(const Json &json, std::map<std::string, T> &into, const std::string &at) {
        if (!json.object()) throw ShapeError(at, "must be an object");
        for (const auto &member : *json.object())
            Shape<T>::read(member.value, into[member.name], at.empty() ? member.name : at + "." + member.name);
    }
    static Json write(const std::map<std::string, T> &value) {
        Json::Object members;
        for (const auto &[name, member] : value) members.push_back({name, Shape<T>::write(member)});
        return Json(std::move(members));
    }
    static Json schema() {
        return Json(Json::Object{{"type", "object"}, {"additionalProperties", Shape<T>::schema()}});
    }
    static constexpr bool optional = false;
};

}  // namespace batten
#endif

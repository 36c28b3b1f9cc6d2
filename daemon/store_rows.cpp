// daemon: rows read from the pages of a store without SQLite. Includes std. The format is that of
// sqlite.org/fileformat2.html.
#include "daemon/store_rows.h"

#include <algorithm>

namespace p2pd {

namespace {

constexpr int interior_index = 2;
constexpr int interior_table = 5;
constexpr int leaf_index = 10;
constexpr int leaf_table = 13;

using Bytes = std::span<const std::uint8_t>;

/// Seven bits a byte, the highest first, the ninth byte whole.
std::optional<std::uint64_t> take_varint(Bytes& bytes) {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < 9 && i < bytes.size(); ++i) {
        const std::uint8_t byte = bytes[i];
        number = i == 8 ? number << 8U | byte : number << 7U | (byte & 0x7fU);
        if (i == 8 || (byte & 0x80U) == 0) {
            bytes = bytes.subspan(i + 1);
            return number;
        }
    }
    return std::nullopt;
}

std::size_t size_of_type(std::uint64_t type) {
    constexpr std::size_t sizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};
    return type < 12 ? sizes[type] : static_cast<std::size_t>((type - 12) / 2);
}

std::optional<RawValue> value_of(std::uint64_t type, Bytes bytes) {
    if (type == 0) return RawValue();
    if (type == 8 || type == 9) return RawValue(static_cast<std::int64_t>(type - 8));
    if (type <= 6) {
        std::uint64_t number = (bytes[0] & 0x80U) != 0 ? ~std::uint64_t{0} : 0;
        for (const std::uint8_t byte : bytes) number = number << 8U | byte;
        return RawValue(static_cast<std::int64_t>(number));
    }
    if (type < 12) return std::nullopt;  // a floating number, or reserved
    std::string text(bytes.begin(), bytes.end());
    if (type % 2 == 1) return RawValue(std::move(text));
    return RawValue(Blob{std::move(text)});
}

std::optional<std::vector<RawValue>> read_record(Bytes record) {
    Bytes types = record;
    const auto header_bytes = take_varint(types);
    if (!header_bytes || *header_bytes > record.size()) return std::nullopt;
    const std::size_t taken = record.size() - types.size();
    if (*header_bytes < taken) return std::nullopt;
    types = types.first(*header_bytes - taken);
    Bytes body = record.subspan(*header_bytes);
    std::vector<RawValue> values;
    while (!types.empty()) {
        const auto type = take_varint(types);
        if (!type) return std::nullopt;
        const std::size_t size = size_of_type(*type);
        if (size > body.size()) return std::nullopt;
        auto value = value_of(*type, body.first(size));
        if (!value) return std::nullopt;
        values.push_back(std::move(*value));
        body = body.subspan(size);
    }
    return values;
}

}  // namespace

struct RowReader::Cell {
    std::optional<std::int64_t> id;
    std::uint64_t size = 0;  ///< of the record
    Bytes local;             ///< what of it is in this page
    PageNumber overflow = 0;
};

/// What fits into the page, and else where the rest begins: the rules of the format.
std::optional<RowReader::Cell> RowReader::cell(Bytes page, std::size_t at, int kind) const {
    if (at >= file_.usable_bytes()) return std::nullopt;
    Bytes bytes = page.first(file_.usable_bytes()).subspan(at);
    if (kind == interior_index) {
        if (bytes.size() < 4) return std::nullopt;
        bytes = bytes.subspan(4);
    }
    Cell cell;
    const auto size = take_varint(bytes);
    if (!size) return std::nullopt;
    cell.size = *size;
    if (kind == leaf_table) {
        const auto id = take_varint(bytes);
        if (!id) return std::nullopt;
        cell.id = static_cast<std::int64_t>(*id);
    }
    const std::uint64_t usable = file_.usable_bytes();
    const std::uint64_t most = kind == leaf_table ? usable - 35 : (usable - 12) * 64 / 255 - 23;
    const std::uint64_t least = (usable - 12) * 32 / 255 - 23;
    std::uint64_t local = cell.size;
    if (cell.size > most) {
        local = least + (cell.size - least) % (usable - 4);
        if (local > most) local = least;
        if (bytes.size() < local + 4) return std::nullopt;
        cell.overflow = load_u32(bytes, local);
    }
    if (bytes.size() < local) return std::nullopt;
    cell.local = bytes.first(local);
    return cell;
}

/// Empty: a page of it is damaged.
std::optional<std::string> RowReader::payload(const Cell& cell) const {
    if (cell.size > std::uint64_t{file_.page_count()} * file_.page_bytes()) return std::nullopt;
    std::string record(cell.local.begin(), cell.local.end());
    PageNumber next = cell.overflow;
    while (record.size() < cell.size) {
        const Bytes page = file_.page(next);
        if (page.empty()) return std::nullopt;
        const auto piece = page.subspan(
            4, std::min<std::uint64_t>(cell.size - record.size(), file_.usable_bytes() - 4));
        record.append(piece.begin(), piece.end());
        next = load_u32(page, 0);
    }
    return record;
}

void RowReader::read_rows(Bytes page, PageNumber number, Leaf& leaf) const {
    const std::size_t header = number == 1 ? 100 : 0;
    const int kind = page[header];
    const std::size_t pointers = header + (kind == interior_index ? 12 : 8);
    const std::size_t count = load_u16(page, header + 3);
    for (std::size_t i = 0; i < count && pointers + 2 * i + 2 <= file_.usable_bytes(); ++i) {
        const auto found = cell(page, load_u16(page, pointers + 2 * i), kind);
        const auto record = found ? payload(*found) : std::nullopt;
        auto values = record ? read_record({reinterpret_cast<const std::uint8_t*>(record->data()),
                                            record->size()})
                             : std::nullopt;
        if (values) {
            leaf.rows.push_back({found->id.value_or(0), std::move(*values)});
        } else {
            ++leaf.lost;
            if (found && found->id) leaf.lost_ids.push_back(*found->id);
        }
    }
}

std::optional<Leaf> RowReader::leaf(PageNumber number) const {
    const Bytes page = file_.page(number);
    if (page.empty()) return std::nullopt;
    const int kind = page[number == 1 ? 100 : 0];
    if (kind != leaf_table && kind != leaf_index) return std::nullopt;
    Leaf leaf;
    leaf.of_table = kind == leaf_table;
    read_rows(page, number, leaf);
    return leaf;
}

Leaf RowReader::interior_rows(PageNumber number) const {
    const Bytes page = file_.page(number);
    Leaf leaf;
    if (!page.empty() && page[number == 1 ? 100 : 0] == interior_index) {
        read_rows(page, number, leaf);
    }
    return leaf;
}

std::vector<PageNumber> RowReader::children(PageNumber number) const {
    const Bytes page = file_.page(number);
    const std::size_t header = number == 1 ? 100 : 0;
    if (page.empty() || (page[header] != interior_table && page[header] != interior_index)) {
        return {};
    }
    std::vector<PageNumber> children;
    const std::size_t count = load_u16(page, header + 3);
    for (std::size_t i = 0; i < count && header + 14 + 2 * i <= file_.usable_bytes(); ++i) {
        const std::size_t at = load_u16(page, header + 12 + 2 * i);
        if (at + 4 <= file_.usable_bytes()) children.push_back(load_u32(page, at));
    }
    children.push_back(load_u32(page, header + 8));
    return children;
}

bool read_tree(const PageFile& file, PageNumber root, std::set<PageNumber>& pages, Leaf& rows) {
    const RowReader reader(file);
    const auto take = [&rows](Leaf found) {
        rows.of_table = found.of_table;
        std::ranges::move(found.rows, std::back_inserter(rows.rows));
        rows.lost_ids.insert(rows.lost_ids.end(), found.lost_ids.begin(), found.lost_ids.end());
        rows.lost += found.lost;
    };
    bool whole = true;
    std::vector<PageNumber> waiting{root};
    while (!waiting.empty()) {
        const PageNumber number = waiting.back();
        waiting.pop_back();
        if (!pages.insert(number).second) continue;
        if (auto leaf = reader.leaf(number)) {
            take(std::move(*leaf));
            continue;
        }
        const auto children = reader.children(number);
        if (children.empty()) whole = false;
        take(reader.interior_rows(number));
        waiting.insert(waiting.end(), children.begin(), children.end());
    }
    return whole && rows.lost == 0;
}

}  // namespace p2pd

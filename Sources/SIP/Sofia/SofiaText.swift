/// Texts of a peer, made harmless: valid UTF-8, bounded, without control characters.
enum SofiaText {
    /// More than any header field that is shown or logged needs.
    static let longestField = 1_024

    /// A C string of Sofia's as a header field's text; empty when there is none.
    static func field(_ text: UnsafePointer<CChar>?, limit: Int = longestField) -> String {
        guard let text else { return "" }
        var bytes: [UInt8] = []
        var next = text
        while bytes.count < limit, next.pointee != 0 {
            let byte = UInt8(bitPattern: next.pointee)
            bytes.append(byte < 0x20 || byte == 0x7F ? 0x20 : byte)
            next += 1
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func optionalField(_ text: UnsafePointer<CChar>?, limit: Int = longestField) -> String? {
        text.map { field($0, limit: limit) }
    }
}

internal import CWebSockets

/// Reading the headers of the request that libwebsockets holds for a connection.
enum LibraryHeaders {
    static func has(_ token: lws_token_indexes, _ wsi: OpaquePointer) -> Bool {
        lws_hdr_total_length(wsi, token) > 0
    }

    /// The header's value, or nil when it was not sent or is empty.
    static func value(_ token: lws_token_indexes, _ wsi: OpaquePointer) -> String? {
        let length = lws_hdr_total_length(wsi, token)
        guard length > 0, length < 65_536 else { return nil }
        // Parts are joined with a separator each, and a terminator is written: room for both.
        var buffer = [CChar](repeating: 0, count: Int(length) * 2 + 2)
        let copied = lws_hdr_copy(wsi, &buffer, Int32(buffer.count), token)
        guard copied > 0 else { return nil }
        return String(decoding: buffer.prefix(Int(copied)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The path of the request, whatever its method.
    static func path(_ wsi: OpaquePointer) -> String? {
        value(WSI_TOKEN_GET_URI, wsi) ?? value(WSI_TOKEN_HEAD_URI, wsi)
    }

    /// What followed the question mark; the library keeps the arguments apart.
    static func query(_ wsi: OpaquePointer) -> String {
        let total = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_URI_ARGS)
        guard total > 0, total < 65_536 else { return "" }
        var buffer = [CChar](repeating: 0, count: Int(total) + 1)
        var parts: [String] = []
        while true {
            let copied = lws_hdr_copy_fragment(
                wsi, &buffer, Int32(buffer.count), WSI_TOKEN_HTTP_URI_ARGS, Int32(clamping: parts.count))
            guard copied >= 0 else { break }
            parts.append(String(decoding: buffer.prefix(Int(copied)).map { UInt8(bitPattern: $0) }, as: UTF8.self))
        }
        return parts.joined(separator: "&")
    }

    static func method(_ wsi: OpaquePointer) -> HTTPRequest.Method? {
        if has(WSI_TOKEN_GET_URI, wsi) { return .get }
        if has(WSI_TOKEN_HEAD_URI, wsi) { return .head }
        return nil
    }

    /// Whether a body follows the request's headers.
    static func announcesBody(_ wsi: OpaquePointer) -> Bool {
        if has(WSI_TOKEN_HTTP_TRANSFER_ENCODING, wsi) { return true }
        guard let length = value(WSI_TOKEN_HTTP_CONTENT_LENGTH, wsi) else { return false }
        return length != "0"
    }

    /// What of them a handler gets to see.
    static func subset(_ wsi: OpaquePointer) -> [String: String] {
        var headers: [String: String] = [:]
        for (name, token) in visible { headers[name] = value(token, wsi) }
        return headers
    }

    private static let visible: [(String, lws_token_indexes)] = [
        ("host", WSI_TOKEN_HOST), ("origin", WSI_TOKEN_ORIGIN), ("user-agent", WSI_TOKEN_HTTP_USER_AGENT),
        ("accept", WSI_TOKEN_HTTP_ACCEPT), ("accept-language", WSI_TOKEN_HTTP_ACCEPT_LANGUAGE),
        ("if-none-match", WSI_TOKEN_HTTP_IF_NONE_MATCH), ("if-modified-since", WSI_TOKEN_HTTP_IF_MODIFIED_SINCE),
        ("authorization", WSI_TOKEN_HTTP_AUTHORIZATION), ("cookie", WSI_TOKEN_HTTP_COOKIE),
        ("referer", WSI_TOKEN_HTTP_REFERER), ("via", WSI_TOKEN_HTTP_VIA), ("x-forwarded-for", WSI_TOKEN_X_FORWARDED_FOR),
    ]
}

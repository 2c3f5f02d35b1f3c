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

/// Writing responses through libwebsockets.
enum LibraryResponse {
    /// Bytes of a status line and all headers.
    private static let headerRoom = 16 * 1024

    /// Writes status and headers.
    ///
    /// - Parameter ends: Whether the connection is closed afterwards, which the client is told.
    /// - Returns: Whether that worked; if not, the connection has to be closed.
    static func writeHead(_ response: HTTPResponse, ends: Bool, _ wsi: OpaquePointer) -> Bool {
        let prefix = tern_lws_pre
        var buffer = [UInt8](repeating: 0, count: prefix + headerRoom)
        return buffer.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return false }
            let start = base + prefix
            let end = base + buffer.count
            var position: UnsafeMutablePointer<UInt8>? = start
            guard (100..<600).contains(response.status),
                lws_add_http_header_status(
                    wsi, UInt32(response.status) | UInt32(LWSAHH_FLAG_NO_SERVER_NAME), &position, end) == 0
            else { return false }
            var headers = response.headers
            if !response.contentType.isEmpty { headers.append(.init("content-type", response.contentType)) }
            if ends { headers.append(.init("connection", "close")) }
            for header in headers {
                guard header.isValid else { return false }
                let value = Array(header.value.utf8)
                guard
                    lws_add_http_header_by_name(
                        wsi, header.name + ":", value, Int32(clamping: value.count), &position, end) == 0
                else { return false }
            }
            guard
                lws_add_http_header_content_length(wsi, lws_filepos_t(response.length), &position, end) == 0,
                lws_finalize_write_http_header(wsi, start, &position, end) == 0
            else { return false }
            return true
        }
    }

    /// Writes all of a short body.
    static func writeBody(_ body: [UInt8], _ wsi: OpaquePointer) -> Bool {
        writeChunk(body[...], isLast: true, wsi)
    }

    static func writeChunk(_ chunk: ArraySlice<UInt8>, isLast: Bool, _ wsi: OpaquePointer) -> Bool {
        let prefix = tern_lws_pre
        var buffer = [UInt8](repeating: 0, count: prefix)
        buffer.reserveCapacity(prefix + chunk.count)
        buffer += chunk
        return buffer.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return false }
            return lws_write(wsi, base + prefix, chunk.count, isLast ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) >= 0
        }
    }
}

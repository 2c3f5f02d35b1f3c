internal import CWebSockets

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
                lws_add_http_header_content_length(wsi, lws_filepos_t(response.body.count), &position, end) == 0,
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

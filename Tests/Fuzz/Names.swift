import SIPNames

/// URIs, addresses and the values of header fields that Sofia hands on unread: nothing traps, and what is read is written in a form that reads the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    if let uri = SIPURI(text) {
        guard let target = SIPURI(uri.target), target.host == uri.host, target.port == uri.port, target.user == uri.user, target.headers.isEmpty else {
            fatalError("a Request-URI is read as something else: \(uri.target)")
        }
    }
    _ = TelURI(text)
    if let ip = IPAddress(text) {
        guard IPAddress("\(ip)") == ip, IPAddress(host: ip.uriHost) == ip else { fatalError("an address is read as something else: \(ip)") }
    }
    if let address = SocketAddress(text) {
        guard SocketAddress("\(address)") == address else { fatalError("a socket's address is read as something else: \(address)") }
    }
    for address in NameAddress.list(text) {
        guard let again = Array(NameAddress.list(address.text)).first else { fatalError("a header's address is not read again: \(address.text)") }
        if again.uri != address.uri, !address.uri.unicodeScalars.contains(where: { "<>\",".unicodeScalars.contains($0) }) { fatalError("another URI: \(address.text)") }
        _ = SIPURI(address.uri)
    }
    guard NameAddress.unquoted(text).unicodeScalars.count <= text.unicodeScalars.count else { fatalError("more than there was") }
    _ = SIPURI.unescaped(text)
    return 0
}

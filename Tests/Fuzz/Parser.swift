import SDP

/// Whatever is read is written in a form that reads the same; nothing traps.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    guard let session = try? SessionDescription(parsing: text) else { return 0 }
    let written = session.text
    // Written canonically, it may have grown over a limit: `m=`s that began with nothing but LF have two bytes more a line.
    let limits = SDPLimits(bytes: .max, lineBytes: .max)
    guard let again = try? SessionDescription(parsing: written, limits: limits) else { fatalError("not read again:\n\(written)") }
    guard again == session, again.text == written else { fatalError("read as something else:\n\(written)") }
    return 0
}

import JSON

/// JSON from a browser: nothing traps, the bounds hold, and what is read is written in a form that reads the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: bytes, count: count))
    let limits = JSONLimits(size: 8_192, depth: 32)
    guard let value = try? JSONValue(parsing: input, limits: limits) else { return 0 }
    guard count <= 8_192, depth(of: value) <= 32 else { fatalError("the bounds do not hold") }
    guard let again = try? JSONValue(parsing: value.text) else { fatalError("not read again: \(value.text)") }
    guard again.text == value.text else { fatalError("read as something else: \(value.text)") }
    return 0
}

private func depth(of value: JSONValue) -> Int {
    if let values = value.arrayValue { return 1 + (values.map(depth).max() ?? 0) }
    if let values = value.objectValue { return 1 + (values.values.map(depth).max() ?? 0) }
    return 0
}

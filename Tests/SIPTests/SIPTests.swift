import Testing

/// All suites of this target, one test at a time: they count descriptors and measure time.
@Suite("SIP", .serialized)
struct SIPTests {}

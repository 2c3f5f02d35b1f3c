import Testing

/// The whole gateway with a real Janus, a real browser and SIPp as the phones. Its parts are extensions, a file each.
@Suite("The whole", .serialized, .wholeGateway, .leavesNothing)
struct IntegrationTests {}

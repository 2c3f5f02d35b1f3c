import Testing

/// Suites that take turns, because they count descriptors or use the same ports for media.
@Suite(.serialized)
enum Serially {}

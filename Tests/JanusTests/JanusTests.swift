// JanusTests

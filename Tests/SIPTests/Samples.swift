/// A session description that names its maker, so that tests can tell them apart.
func sdp(_ name: String, port: Int = 4_000) -> String {
    "v=0\r\no=\(name) 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio \(port) RTP/AVP 0\r\n"
}

internal import Crypto
internal import JWTKit

import BattenPlugin
import BattenTransfer

/// The field `auth`: one of several ways to say who asks.
struct AuthenticationFields: Decodable {
    struct Password: Decodable {
        var username: String
        var password: String
    }

    struct AWS: Decodable {
        var accessKey: String
        var secretKey: String
        var sessionToken: String?
        var region: String
        var service: String

        enum CodingKeys: String, CodingKey {
            case region, service
            case accessKey = "access_key"
            case secretKey = "secret_key"
            case sessionToken = "session_token"
        }
    }

    var basic: Password?
    var digest: Password?
    var bearer: String?
    var netrc: JSON?
    var awsSigv4: AWS?
    var oauth2: OAuthFields?

    enum CodingKeys: String, CodingKey {
        case basic, digest, bearer, netrc, oauth2
        case awsSigv4 = "aws_sigv4"
    }

    /// What the transfer is told; none for OAuth, whose token has to be fetched first.
    func authentication(context: Context) throws(Failure) -> TransferRequest.Authentication {
        let given = [basic != nil, digest != nil, bearer != nil, netrc != nil, awsSigv4 != nil, oauth2 != nil]
        guard given.filter({ $0 }).count == 1 else {
            throw .badInput(field: "auth", "must hold exactly one of basic, digest, bearer, netrc, aws_sigv4, oauth2")
        }
        if let basic { return .basic(user: basic.username, password: basic.password) }
        if let digest { return .digest(user: digest.username, password: digest.password) }
        if let bearer {
            guard !bearer.isEmpty, HeaderList.isValue(bearer) else {
                throw .badInput(field: "auth.bearer", "must be a token without line breaks; it is empty or holds one")
            }
            return .bearer(bearer)
        }
        if let aws = awsSigv4 {
            return .awsSigV4(
                accessKey: aws.accessKey, secretKey: aws.secretKey, sessionToken: aws.sessionToken,
                region: aws.region, service: aws.service)
        }
        if let netrc {
            switch netrc {
            case .bool(true): return .netrc(path: nil)
            case .string(let path): return .netrc(path: Paths.absolute(path, context))
            default: throw .badInput(field: "auth.netrc", "must be true or the path of a netrc file")
            }
        }
        return .none
    }
}

/// The field `auth.oauth2`.
struct OAuthFields: Decodable, Hashable {
    var tokenUrl: String
    var clientId: String
    var clientSecret: String?
    var scope: String?
    var audience: String?
    var refreshToken: String?
    var credentialsIn: String?

    enum CodingKeys: String, CodingKey {
        case scope, audience
        case tokenUrl = "token_url"
        case clientId = "client_id"
        case clientSecret = "client_secret"
        case refreshToken = "refresh_token"
        case credentialsIn = "credentials_in"
    }
}

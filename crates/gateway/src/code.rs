//! The codes of refusals: stable words that a caller's program can rely on.

use std::fmt;

use http::StatusCode;
use serde::Serialize;

/// Why a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// There is no such source.
    SourceNotFound,
    /// The source cannot judge requests: it is switched off, or its configuration is broken.
    SourceUnavailable,
    /// The source does not take this method.
    MethodNotAllowed,
    /// The source does not take requests from the client's address.
    AddressNotAllowed,
    /// The path behind the source's URL is not the one it takes.
    PathNotFound,
    /// The body is larger than the source takes.
    BodyTooLarge,
    /// The body took too long to arrive.
    BodyLate,
    /// This client's requests come too fast.
    ClientRateLimited,
    /// No name and password came.
    CredentialsMissing,
    /// The name and password are not the source's.
    CredentialsInvalid,
    /// No token came.
    TokenMissing,
    /// The token is not one of the source's.
    TokenInvalid,
    /// The token is over, or not valid yet.
    TokenExpired,
    /// The public keys that would verify a token could not be fetched.
    KeysUnavailable,
    /// The headers of a signed request are missing.
    SignatureMissing,
    /// The signature does not belong to this body.
    SignatureInvalid,
    /// The signed time is too far from now.
    TimestampOutOfRange,
    /// The signature is right, and the body does not decrypt.
    DecryptionFailed,
    /// The requests of all senders together come too fast.
    SourceRateLimited,
    /// The body is of a type that the source does not take.
    ContentTypeUnsupported,
    /// The body is not what its content type says.
    BodyMalformed,
    /// There are more files than the source takes.
    TooManyFiles,
    /// A file is larger than the source takes.
    FileTooLarge,
    /// A file is of a media type that the source does not take.
    FileTypeUnsupported,
    /// A field is missing or does not fit.
    FieldInvalid,
    /// An expression of the source has no answer for the request.
    ExpressionFailed,
    /// The server has as much in hand as it may.
    Overloaded,
    /// The event could not be put on stable storage.
    StorageUnavailable,
    /// The server is stopping and takes no new work.
    Stopping,
}

/// What the documentation says of a [`Code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CodeEntry {
    /// The code.
    pub code: Code,
    /// The HTTP status it comes with.
    pub status: u16,
    /// The problem in a few words, the same each time.
    pub title: &'static str,
    /// What the caller does about it.
    pub advice_en: &'static str,
    /// The same in Chinese.
    pub advice_zh: &'static str,
}

const fn entry(
    code: Code,
    status: u16,
    title: &'static str,
    advice_en: &'static str,
    advice_zh: &'static str,
) -> CodeEntry {
    CodeEntry { code, status, title, advice_en, advice_zh }
}

/// Every code that a source answers with, in the order of the checks.
pub const fn codes() -> &'static [CodeEntry] {
    CODES
}

static CODES: &[CodeEntry] = &[
    entry(
        Code::SourceNotFound,
        404,
        "No such source",
        "Copy the URL from the source's page again: the id in it is wrong, or the source was deleted.",
        "请从来源页面重新复制 URL：其中的标识有误，或该来源已被删除。",
    ),
    entry(
        Code::SourceUnavailable,
        503,
        "The source takes no requests now",
        "Send the request again later. The source is switched off, or its configuration no longer fits the \
         flow; its page in the console says which.",
        "请稍后重发。该来源已停用，或其配置与流程不再匹配；控制台的来源页面会说明原因。",
    ),
    entry(
        Code::MethodNotAllowed,
        405,
        "Method not allowed",
        "Use one of the methods in the `Allow` header, or allow this method in the source's configuration.",
        "请改用 `Allow` 响应头中列出的方法，或在来源配置中允许该方法。",
    ),
    entry(
        Code::AddressNotAllowed,
        403,
        "Address not allowed",
        "Send from one of the networks in the source's `allow_cidrs`, or add yours to it. Behind a proxy, the server \
         sees your address only when the proxy is among its `trusted_proxies`.",
        "请从该来源 `allow_cidrs` 所列的网段发送，或将您的网段加入其中。若前面有代理，只有该代理在服务器的 \
         `trusted_proxies` 之内，服务器才能看到您的真实地址。",
    ),
    entry(
        Code::PathNotFound,
        404,
        "No such path",
        "Call the source's URL with exactly the path that its page shows, such as `orders/{order_id}`.",
        "请严格按来源页面所示的路径调用，例如 `orders/{order_id}`。",
    ),
    entry(
        Code::BodyTooLarge,
        413,
        "Body too large",
        "Send less, or raise the source's body limit. Nothing of the body was kept.",
        "请减小请求体，或调高该来源的请求体上限。本次请求体未被保存。",
    ),
    entry(
        Code::BodyLate,
        408,
        "Body too slow",
        "Send the request again with the same dedupe key: its body did not arrive whole within 30 seconds. \
         Nothing was accepted.",
        "请求体未能在 30 秒内完整到达，请使用相同的去重键重发。本次请求未被接收。",
    ),
    entry(
        Code::ClientRateLimited,
        429,
        "Too many requests from one client",
        "Wait as long as `Retry-After` says, then send the request again, or raise the source's `client_rate`. An IPv6 \
         client is its /64. Behind a proxy that is not among the server's `trusted_proxies`, all senders are one client.",
        "请按 `Retry-After` 指示的时间等待后重发，或调高该来源的 `client_rate`。IPv6 客户端按 /64 计。若前面的代理不在服务器的 \
         `trusted_proxies` 之内，所有发送方会被视为同一客户端。",
    ),
    entry(
        Code::CredentialsMissing,
        401,
        "Name and password missing",
        "Send the source's user name and password once, as `Authorization: Basic`.",
        "请以 `Authorization: Basic` 携带该来源的用户名和密码，且仅携带一次。",
    ),
    entry(
        Code::CredentialsInvalid,
        401,
        "Name or password wrong",
        "Use the name and a password that the source has now; the password may have been replaced.",
        "请使用该来源当前有效的用户名和密码；原密码可能已被更换。",
    ),
    entry(
        Code::TokenMissing,
        401,
        "Token missing",
        "Send the source's token where its page says: as `Authorization: Bearer`, in its header, in the query, \
         or, for Feishu, in the body.",
        "请按来源页面的说明携带令牌：使用 `Authorization: Bearer`、指定的请求头、查询参数，或（飞书）请求体。",
    ),
    entry(
        Code::TokenInvalid,
        401,
        "Token invalid",
        "Use a token that the source has now; it may have been replaced. Of a JSON Web Token the detail says what \
         is wrong with it.",
        "请使用该来源当前有效的令牌；原令牌可能已被更换。若为 JSON Web Token，详情会说明具体问题。",
    ),
    entry(
        Code::TokenExpired,
        401,
        "Token not valid now",
        "Send a token that is valid now, and set the sender's clock right.",
        "请发送当前有效的令牌，并校准发送方的时钟。",
    ),
    entry(
        Code::KeysUnavailable,
        503,
        "Public keys not available",
        "Send the request again after `Retry-After`. The keys behind the source's `jwks_url` could not be fetched: \
         its server must answer, and its address must be allowed. Nothing was accepted.",
        "请在 `Retry-After` 之后重发。无法获取来源 `jwks_url` 处的公钥：请确认其服务器可用且地址已被允许。本次请求未被接收。",
    ),
    entry(
        Code::SignatureMissing,
        401,
        "Signature missing",
        "Sign the request as the source's scheme says. The detail names what is missing; each header and parameter \
         of a signature must come exactly once.",
        "请按来源所选方案对请求签名。详情会指出缺少的内容；签名的每个请求头和参数都必须恰好出现一次。",
    ),
    entry(
        Code::SignatureInvalid,
        401,
        "Signature invalid",
        "Check that both ends have the same signing key, and that the exact bytes that are sent are signed: \
         a proxy or a JSON library may have rewritten the body.",
        "请确认两端签名密钥一致，且签名针对实际发送的原始字节：代理或 JSON 库可能改写了请求体。",
    ),
    entry(
        Code::TimestampOutOfRange,
        401,
        "Timestamp out of range",
        "Set the sender's clock right, and sign each attempt anew with the time of that attempt.",
        "请校准发送方的时钟，并在每次重试时用当次的时间重新签名。",
    ),
    entry(
        Code::DecryptionFailed,
        400,
        "Message does not decrypt",
        "Check the source's encryption key and receiver id against the sender's console: the signature was right, and \
         the message did not open with them.",
        "请对照发送方控制台核对来源的加密密钥与接收方标识：签名正确，但消息无法解密。",
    ),
    entry(
        Code::SourceRateLimited,
        429,
        "Too many requests to the source",
        "Wait as long as `Retry-After` says, then send the request again, or raise the source's `source_rate`: all of its \
         senders together sent more than that.",
        "请按 `Retry-After` 指示的时间等待后重发，或调高该来源的 `source_rate`：所有发送方合计超出了该限制。",
    ),
    entry(
        Code::ContentTypeUnsupported,
        415,
        "Content type not supported",
        "Name a character set that is known, or none, in `Content-Type`; send the body as it is, or compressed by \
         gzip.",
        "请在 `Content-Type` 中写明可识别的字符集，或不写；请求体请勿压缩，或仅使用 gzip 压缩。",
    ),
    entry(
        Code::BodyMalformed,
        400,
        "Body malformed",
        "Mend the body where the detail says, or name its true type in `Content-Type`.",
        "请按详情所示位置修正请求体，或在 `Content-Type` 中写明其真实类型。",
    ),
    entry(
        Code::TooManyFiles,
        413,
        "Too many files",
        "Send fewer files in one request, or raise the source's limit of files. Nothing of the body was kept.",
        "请减少单次请求中的文件数量，或调高该来源的文件数量上限。本次请求体未被保存。",
    ),
    entry(
        Code::FileTooLarge,
        413,
        "File too large",
        "Send a smaller file, or raise the source's limit for a file. `errors` says which one it is.",
        "请发送更小的文件，或调高该来源的单个文件上限；`errors` 指明了是哪个文件。",
    ),
    entry(
        Code::FileTypeUnsupported,
        415,
        "File type not taken",
        "Send a file of one of the types in `errors`, with its true `Content-Type`, or let the source take this one.",
        "请发送 `errors` 中列出的类型的文件，并写明其真实的 `Content-Type`，或让该来源接受此类型。",
    ),
    entry(
        Code::FieldInvalid,
        422,
        "Fields do not fit",
        "Mend each field in `errors`: it says what was expected and what came. The same dedupe key may be \
         used again.",
        "请逐项修正 `errors` 中的字段：其中写明了期望值与实际值。同一去重键可以再次使用。",
    ),
    entry(
        Code::ExpressionFailed,
        422,
        "The source's expression failed",
        "Mend what `errors` names, the source's `filter` or `dedupe.key`: let it say what to use where a value may be \
         missing, as in `{{ body.type | default('') == 'order.paid' }}`. Nothing was accepted, and the same dedupe key \
         may be used again.",
        "请修正 `errors` 所指的表达式（来源的 `filter` 或 `dedupe.key`）：对可能缺失的值给出默认值，例如 \
         `{{ body.type | default('') == 'order.paid' }}`。本次请求未被接收，同一去重键可以再次使用。",
    ),
    entry(
        Code::Overloaded,
        503,
        "The server is overloaded",
        "Send the request again after `Retry-After`, with the same dedupe key. Nothing was accepted. The operator can \
         raise `limits.in_flight_bytes` and `limits.in_flight_requests`, or add a node.",
        "请在 `Retry-After` 之后使用相同的去重键重发。本次请求未被接收。管理员可以调高 `limits.in_flight_bytes` 与 \
         `limits.in_flight_requests`，或增加节点。",
    ),
    entry(
        Code::StorageUnavailable,
        503,
        "The event could not be stored",
        "Send the request again after `Retry-After`, with the same dedupe key. Nothing was accepted.",
        "请在 `Retry-After` 之后使用相同的去重键重发。本次请求未被接收。",
    ),
    entry(
        Code::Stopping,
        503,
        "The server is stopping",
        "Send the request again after `Retry-After`, with the same dedupe key; the server is being restarted or \
         shut down. Nothing was accepted.",
        "服务器正在重启或停机，请在 `Retry-After` 之后使用相同的去重键重发。本次请求未被接收。",
    ),
];

impl Code {
    /// What the documentation says of the code.
    pub fn entry(self) -> &'static CodeEntry {
        // The table is in the order of the variants, which a test holds it to.
        &CODES[self as usize]
    }

    /// The HTTP status it comes with.
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.entry().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The code as it appears in answers, such as `field_invalid`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SourceNotFound => "source_not_found",
            Self::SourceUnavailable => "source_unavailable",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::AddressNotAllowed => "address_not_allowed",
            Self::PathNotFound => "path_not_found",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyLate => "body_late",
            Self::ClientRateLimited => "client_rate_limited",
            Self::CredentialsMissing => "credentials_missing",
            Self::CredentialsInvalid => "credentials_invalid",
            Self::TokenMissing => "token_missing",
            Self::TokenInvalid => "token_invalid",
            Self::TokenExpired => "token_expired",
            Self::KeysUnavailable => "keys_unavailable",
            Self::SignatureMissing => "signature_missing",
            Self::SignatureInvalid => "signature_invalid",
            Self::TimestampOutOfRange => "timestamp_out_of_range",
            Self::DecryptionFailed => "decryption_failed",
            Self::SourceRateLimited => "source_rate_limited",
            Self::ContentTypeUnsupported => "content_type_unsupported",
            Self::BodyMalformed => "body_malformed",
            Self::TooManyFiles => "too_many_files",
            Self::FileTooLarge => "file_too_large",
            Self::FileTypeUnsupported => "file_type_unsupported",
            Self::FieldInvalid => "field_invalid",
            Self::ExpressionFailed => "expression_failed",
            Self::Overloaded => "overloaded",
            Self::StorageUnavailable => "storage_unavailable",
            Self::Stopping => "stopping",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_code_in_its_place() {
        for (position, entry) in codes().iter().enumerate() {
            assert_eq!(entry.code as usize, position, "{}", entry.code);
            assert_eq!(entry.code.entry(), entry);
            assert_eq!(serde_json::to_value(entry.code).unwrap(), entry.code.as_str());
            assert!((400..600).contains(&entry.status) && entry.code.status().as_u16() == entry.status);
            for text in [entry.title, entry.advice_en, entry.advice_zh] {
                assert!(!text.is_empty() && !text.contains("  "), "{}: {text}", entry.code);
            }
        }
        assert_eq!(Code::Stopping as usize, codes().len() - 1);
    }
}

//! What comes from outside, judged by itself, for the fuzz targets.

use std::time::UNIX_EPOCH;

use super::answer::{self, Now};
use super::token_file;

/// What is wrong with an answer or an output, for each of those who give credentials. `None` where
/// it would be used.
pub fn judge_answer(body: &[u8]) -> [Option<&'static str>; 4] {
    let readers = [
        answer::read,
        answer::read_sts,
        answer::read_cloud_sso,
        answer::read_output,
    ];
    readers.map(|read| read(body, Now(UNIX_EPOCH)).err())
}

/// Whether the content of a file would be used as the token of an identity provider.
pub fn judge_token(content: &[u8]) -> bool {
    token_file::token(content).is_ok()
}

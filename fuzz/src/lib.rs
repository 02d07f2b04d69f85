//! What the fuzz targets share.

use terraform_provider_cams::protocol::ty::Type;

/// Splits an input into the type in its first line, as Terraform writes types, and the bytes of a
/// value below it. There is neither where the first line is not a type.
pub fn typed(input: &[u8]) -> Option<(Type, &[u8])> {
    let end = input.iter().position(|byte| *byte == b'\n')?;
    let (ty, value) = input.split_at_checked(end)?;
    Some((Type::from_json(ty)?, value.get(1..)?))
}

//! The directory in which the processes of this user on this host keep what they share.

use std::path::{Path, PathBuf};

use crate::environment::Environment;

/// The directory's path: `terraform-provider-cams` under `XDG_RUNTIME_DIR`, else under
/// `XDG_CACHE_HOME`, else under `~/.cache`.
///
/// `None` if none of these variables is set, or if the first that is set holds no absolute path.
/// Nothing is created here.
pub fn state_directory(environment: &Environment) -> Option<PathBuf> {
    let home = || Some(Path::new(environment.get("HOME")?).join(".cache"));
    let base = environment
        .first(&["XDG_RUNTIME_DIR", "XDG_CACHE_HOME"])
        .map(|(_, path)| PathBuf::from(path))
        .or_else(home)?;
    base.is_absolute()
        .then(|| base.join("terraform-provider-cams"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_directory_is_the_first_that_is_set_and_absolute() {
        let directory =
            |variables: &[(&str, &str)]| state_directory(&variables.iter().copied().collect());
        let all = [
            ("HOME", "/h"),
            ("XDG_CACHE_HOME", "/c"),
            ("XDG_RUNTIME_DIR", "/r"),
        ];
        let path = |path| Some(PathBuf::from(path));
        assert_eq!(directory(&all), path("/r/terraform-provider-cams"));
        assert_eq!(directory(&all[..2]), path("/c/terraform-provider-cams"));
        assert_eq!(
            directory(&all[..1]),
            path("/h/.cache/terraform-provider-cams")
        );
        assert_eq!(directory(&[("XDG_RUNTIME_DIR", "r")]), None);
        assert_eq!(directory(&[]), None);
    }
}

//! Paths to the parts of a value, and errors that name one.

use std::borrow::Cow;
use std::fmt;

/// A path from the root of a configuration or state to one of its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<PathStep>);

/// One step of a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathStep {
    /// The step into an object, by the name of an attribute.
    Attribute(String),
    /// The step into a list, by a position counted from zero.
    Index(usize),
    /// The step into a map, by a key.
    Key(String),
}

impl Path {
    /// The path without steps, which is that of the whole value.
    pub fn root() -> Self {
        Self::default()
    }

    /// The steps from the whole value to the part.
    pub fn steps(&self) -> &[PathStep] {
        &self.0
    }

    /// The path of an attribute of the object at this path.
    #[must_use]
    pub fn attribute(&self, name: impl Into<String>) -> Self {
        self.then(PathStep::Attribute(name.into()))
    }

    /// The path one step further into the part at this path.
    #[must_use]
    pub fn then(&self, step: PathStep) -> Self {
        Self(self.0.iter().cloned().chain([step]).collect())
    }
}

/// The path of an attribute, from its name and those of what it is nested in, the outermost first.
impl<'a> FromIterator<&'a str> for Path {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        let names = names.into_iter();
        names.fold(Self::root(), |path, name| path.attribute(name))
    }
}

/// Writes the path as HCL does, such as `a.b[0]["key"]`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                PathStep::Attribute(name) if position == 0 => f.write_str(name)?,
                PathStep::Attribute(name) => write!(f, ".{name}")?,
                PathStep::Index(index) => write!(f, "[{index}]")?,
                PathStep::Key(key) => write!(f, "[{key:?}]")?,
            }
        }
        Ok(())
    }
}

/// A value does not have the type that it is to be read or written as. The error names the place in
/// the value and what was expected there. It never holds the value, which may be a secret.
///
/// An error is made with an empty path. Each level of nesting that it is returned through adds its
/// step in front, so that the path costs nothing as long as there is no error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueError {
    path: Path,
    expected: Cow<'static, str>,
}

impl ValueError {
    pub(crate) fn new(expected: impl Into<Cow<'static, str>>) -> Self {
        Self {
            path: Path::root(),
            expected: expected.into(),
        }
    }

    /// Puts the step into the surrounding value in front of the path.
    pub(crate) fn within(mut self, step: PathStep) -> Self {
        self.path.0.insert(0, step);
        self
    }
}

impl std::error::Error for ValueError {}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.0.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "expected {}", self.expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_as_hcl() {
        let path = Path::root()
            .attribute("spaces")
            .then(PathStep::Key("a b".to_owned()))
            .attribute("numbers")
            .then(PathStep::Index(3));
        assert_eq!(path.to_string(), r#"spaces["a b"].numbers[3]"#);
    }
}

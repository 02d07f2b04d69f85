//! Where in a value something is.

use std::fmt;

/// A path from the root of a configuration or state to one of its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<Step>);

/// One step of a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Into an object, by attribute name.
    Attribute(String),
    /// Into a list or tuple, by position.
    Index(i64),
    /// Into a map, by key.
    Key(String),
}

impl Step {
    /// Into a list or tuple, by the position counted from zero.
    pub(super) fn position(position: usize) -> Self {
        Self::Index(i64::try_from(position).unwrap_or(i64::MAX))
    }
}

impl Path {
    /// The whole value.
    pub fn root() -> Self {
        Self::default()
    }

    /// The steps from the root.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// This path and one attribute more.
    #[must_use]
    pub fn attribute(&self, name: impl Into<String>) -> Self {
        self.then(Step::Attribute(name.into()))
    }

    /// This path and one list position more.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.then(Step::position(index))
    }

    /// This path and one map key more.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.then(Step::Key(key.into()))
    }

    /// Makes this the path below `step`.
    pub(super) fn prepend(&mut self, step: Step) {
        self.0.insert(0, step);
    }

    fn then(&self, step: Step) -> Self {
        Self(self.0.iter().cloned().chain([step]).collect())
    }
}

impl FromIterator<Step> for Path {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Self {
        Self(steps.into_iter().collect())
    }
}

/// As HCL writes it: `a.b[0]["key"]`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Attribute(name) if position == 0 => f.write_str(name)?,
                Step::Attribute(name) => write!(f, ".{name}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_as_hcl() {
        let path = Path::root()
            .attribute("spaces")
            .key("a b")
            .attribute("numbers")
            .index(3);
        assert_eq!(path.to_string(), r#"spaces["a b"].numbers[3]"#);
    }
}

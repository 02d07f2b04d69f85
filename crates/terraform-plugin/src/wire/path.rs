//! Paths to the parts of a value.

use std::fmt;

/// A path from the root of a configuration or state to one of its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<Step>);

/// One step of a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The step into an object, by the name of an attribute.
    Attribute(String),
    /// The step into a list or tuple, by a position counted from zero.
    Index(i64),
    /// The step into a map, by a key.
    Key(String),
}

impl Step {
    /// The step into a list or tuple, by a position counted from zero.
    pub(super) fn position(position: usize) -> Self {
        Self::Index(i64::try_from(position).unwrap_or(i64::MAX))
    }
}

impl Path {
    /// The path without steps, which is that of the whole value.
    pub fn root() -> Self {
        Self::default()
    }

    /// The steps from the whole value to the part.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The path of an attribute of the object at this path.
    #[must_use]
    pub fn attribute(&self, name: impl Into<String>) -> Self {
        self.then(Step::Attribute(name.into()))
    }

    /// The path of an element of the list or tuple at this path.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.then(Step::position(index))
    }

    /// The path of an entry of the map at this path.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.then(Step::Key(key.into()))
    }

    /// Puts a step in front, so that the path begins in the surrounding value.
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

/// The path of an attribute, from its name and those of what it is nested in, the outermost first.
impl<'a> FromIterator<&'a str> for Path {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        let names = names.into_iter();
        names.map(|name| Step::Attribute(name.to_owned())).collect()
    }
}

/// Writes the path as HCL does, such as `a.b[0]["key"]`.
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

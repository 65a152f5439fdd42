//! The owner's own words about a webhook or a trade.

/// Characters that notes have at most.
const LONGEST: usize = 10_000;

/// Notes that are too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("notes must have at most {LONGEST} characters")]
pub struct NotesTooLong;

/// Checks notes, where there are any.
///
/// # Errors
///
/// [`NotesTooLong`].
pub fn check_notes(notes: Option<&str>) -> Result<(), NotesTooLong> {
    let characters = notes.map_or(0, |notes| notes.chars().count());
    if characters > LONGEST {
        return Err(NotesTooLong);
    }
    Ok(())
}

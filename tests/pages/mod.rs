//! What tests of several files read in the Markdown pages.

/// The blocks of YAML in a page. A block in a list is indented as a whole.
pub fn yaml_blocks(page: &str) -> impl Iterator<Item = &str> {
    page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next())
}

/** The runs of a recipe, in one repository and in all, newest first: its history, and its badge. */
export const RUNS_OF_RECIPE = `
CREATE INDEX runs_of_recipe ON runs (recipe, enqueued_at DESC, id DESC);
CREATE INDEX runs_of_recipe_in_repository ON runs (repository, recipe, enqueued_at DESC, id DESC);
`

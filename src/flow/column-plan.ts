/** A column as a plan has it: declared for a source, a sink or a statement. */
export interface ColumnPlan {
  readonly column: string
  readonly type: string
  readonly nullable: boolean
}

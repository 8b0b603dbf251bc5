-- the cuts between cells that tell buyers from others best: the shortest description of the
-- outcomes in bits, where every cut costs its place among the edges and another purchase rate
with recursive

outcomes as (

    select * from {{ ref('feature_outcomes') }}

),

totals as (

    select
        feature,
        max(cell) + 1 as cell_count,
        log2(greatest(max(cell), 1)) + log2(sum(row_count)) / 2 as bits_per_cut
    from outcomes
    group by feature

),

cumulated as (

    select
        *,
        sum(row_count) over (partition by feature order by cell) as rows_so_far,
        sum(buyer_count) over (partition by feature order by cell) as buyers_so_far
    from outcomes

),

runs as (

    select
        first_cells.feature,
        first_cells.cell as start_cell,
        first_cells.lower_edge as start_edge,
        last_cells.cell + 1 as end_cell,
        last_cells.rows_so_far - first_cells.rows_so_far + first_cells.row_count as row_count,
        last_cells.buyers_so_far - first_cells.buyers_so_far + first_cells.buyer_count
            as buyer_count
    from cumulated as first_cells
    inner join cumulated as last_cells
        on first_cells.feature = last_cells.feature and first_cells.cell <= last_cells.cell

),

described_runs as (

    select
        feature,
        start_cell,
        start_edge,
        end_cell,
        coalesce(buyer_count * log2(row_count / nullif(buyer_count, 0)), 0)
        + coalesce(
            (row_count - buyer_count) * log2(row_count / nullif(row_count - buyer_count, 0)), 0
        ) as bits
    from runs

),

-- the best partition of the first cells into so many bins, one bin more in every round
partitions as (

    select
        feature,
        1 as bin_count,
        end_cell,
        bits,
        cast([] as double[]) as edges
    from described_runs
    where start_cell = 0

    union all

    select
        partitions.feature,
        partitions.bin_count + 1 as bin_count,
        described_runs.end_cell,
        min(partitions.bits + totals.bits_per_cut + described_runs.bits) as bits,
        arg_min(
            list_append(partitions.edges, described_runs.start_edge),
            (
                partitions.bits + totals.bits_per_cut + described_runs.bits,
                list_append(partitions.edges, described_runs.start_edge)
            )
        ) as edges
    from partitions
    inner join described_runs
        on
            partitions.feature = described_runs.feature
            and partitions.end_cell = described_runs.start_cell
    inner join totals on partitions.feature = totals.feature
    inner join {{ ref('feature_binning') }} as binning on partitions.feature = binning.feature
    where partitions.bin_count < binning.bin_count
    group by partitions.feature, partitions.bin_count, described_runs.end_cell

)

select
    partitions.feature,
    arg_min(partitions.edges, (partitions.bits, partitions.bin_count)) as edges
from partitions
inner join totals
    on
        partitions.feature = totals.feature
        and partitions.end_cell = totals.cell_count
group by partitions.feature

from __future__ import annotations

import artigraph as ag
from artigraph.extras.pydantic import ContentSpec, PydanticModel, SaveSpec, StorableDataclass, StorableModel


def test_the_names_of_other_documents_are_the_classes_here():
    assert StorableModel is PydanticModel is ag.PydanticModel is ag.StorableModel
    assert StorableDataclass is ag.ArtifactModel is ag.StorableDataclass is ag.GraphModel
    assert ContentSpec is SaveSpec is ag.ContentSpec is ag.SaveSpec

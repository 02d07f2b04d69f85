// The resource on HashiCorp's framework. It makes no calls.
package main

import (
	"context"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	providerschema "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func main() {
	create := func() provider.Provider { return cams{} }
	options := providerserver.ServeOpts{Address: "registry.terraform.io/terraform-provider-cams/cams"}
	if err := providerserver.Serve(context.Background(), create, options); err != nil {
		log.Fatal(err)
	}
}

type cams struct{}

func (cams) Metadata(_ context.Context, _ provider.MetadataRequest, response *provider.MetadataResponse) {
	response.TypeName = "cams"
}

func (cams) Schema(_ context.Context, _ provider.SchemaRequest, response *provider.SchemaResponse) {
	response.Schema = providerschema.Schema{Attributes: map[string]providerschema.Attribute{
		"cust_space_id": providerschema.StringAttribute{Optional: true},
	}}
}

func (cams) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}

func (cams) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (cams) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return migration{} }}
}

type migration struct{}

type model struct {
	CustSpaceID  types.String `tfsdk:"cust_space_id"`
	CountryCode  types.String `tfsdk:"country_code"`
	MobileNumber types.String `tfsdk:"mobile_number"`
	ID           types.String `tfsdk:"id"`
	PhoneNumber  types.String `tfsdk:"phone_number"`
	Status       types.String `tfsdk:"status"`
	RequestID    types.String `tfsdk:"request_id"`
	Timeouts     types.Object `tfsdk:"timeouts"`
}

func (migration) Metadata(_ context.Context, _ resource.MetadataRequest, response *resource.MetadataResponse) {
	response.TypeName = "cams_number_migration"
}

func (migration) Schema(_ context.Context, _ resource.SchemaRequest, response *resource.SchemaResponse) {
	replace := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	keep := []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	part := schema.StringAttribute{Required: true, PlanModifiers: replace}
	readOnly := schema.StringAttribute{Computed: true, PlanModifiers: keep}
	response.Schema = schema.Schema{
		Attributes: map[string]schema.Attribute{
			"cust_space_id": schema.StringAttribute{
				Optional: true,
				Computed: true,
				PlanModifiers: []planmodifier.String{
					stringplanmodifier.UseStateForUnknown(),
					stringplanmodifier.RequiresReplace(),
				},
			},
			"country_code":  part,
			"mobile_number": part,
			"id":            readOnly,
			"phone_number":  readOnly,
			"status":        readOnly,
			"request_id":    readOnly,
		},
		Blocks: map[string]schema.Block{
			"timeouts": schema.SingleNestedBlock{Attributes: map[string]schema.Attribute{
				"create": schema.StringAttribute{Optional: true},
				"read":   schema.StringAttribute{Optional: true},
			}},
		},
	}
}

func (migration) Create(ctx context.Context, request resource.CreateRequest, response *resource.CreateResponse) {
	var number model
	response.Diagnostics.Append(request.Plan.Get(ctx, &number)...)
	if response.Diagnostics.HasError() {
		return
	}
	number.CustSpaceID = types.StringValue("cams-bench")
	number.ID = types.StringValue("100000000000001")
	number.PhoneNumber = types.StringValue(number.CountryCode.ValueString() + number.MobileNumber.ValueString())
	number.Status = types.StringValue("MIGRATING")
	number.RequestID = types.StringValue("00000000-0000-4000-8000-000000000001")
	response.Diagnostics.Append(response.State.Set(ctx, &number)...)
}

func (migration) Read(ctx context.Context, request resource.ReadRequest, response *resource.ReadResponse) {
	var number model
	response.Diagnostics.Append(request.State.Get(ctx, &number)...)
	if response.Diagnostics.HasError() {
		return
	}
	response.Diagnostics.Append(response.State.Set(ctx, &number)...)
}

func (migration) Update(ctx context.Context, request resource.UpdateRequest, response *resource.UpdateResponse) {
	response.State.Raw = request.Plan.Raw
}

func (migration) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
